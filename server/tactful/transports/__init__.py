"""Connections of storefronts: one port, what runs on a connection, and who is admitted."""
