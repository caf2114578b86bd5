"""The inbox: deliveries are checked and stored at once, and mapped in the background."""
