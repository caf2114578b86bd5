"""The console: pages on which support agents and merchandisers see what was decided, and act."""
