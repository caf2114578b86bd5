"""What the shop's systems and operators ask for: ingest of facts, explanations, redemptions."""
