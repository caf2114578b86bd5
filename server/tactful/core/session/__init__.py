"""Sessions: what a shopper did, the signals that say so, and the contact history."""
