"""The contacts in stored facts."""

from tactful.stores.shared.contact_links import stored_contacts

OWN = b'{"type":"customer","customer":"c1","contact":{"email_hash":"e","phone_hash":"p"}}'


def test_the_contacts_of_a_customers_own_facts_are_found() -> None:
    assert stored_contacts("c1", (OWN, b"{}")) == ["e", "p"]
    assert stored_contacts("c2", (OWN,)) == []
