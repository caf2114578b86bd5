"""What a shop holds in memory: sessions, balances, the active rulebook and its trackers."""
