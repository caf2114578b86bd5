"""Events that are sent to another system as signed webhooks."""
