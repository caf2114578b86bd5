"""Objects of another system: reading them, and mapping them to facts."""
