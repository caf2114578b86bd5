"""Connectors: what turns the data of other systems into facts.

`files` reads exports and feeds. `shops` and `desks` map what shop platforms and help desks send,
`inbox` keeps their deliveries until they are mapped, and `reconcile` compares their lists with the facts.
`outbound` sends events to another system. `egress_client` reaches addresses outside.
"""
