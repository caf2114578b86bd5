"""The commands `tactful connect`: set up, watch and test connectors."""
