"""Consumer law: prior prices, general offers and disclosures."""
