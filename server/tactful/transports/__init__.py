"""Connections of storefronts: the listener, the admission of clients, and their sessions."""
