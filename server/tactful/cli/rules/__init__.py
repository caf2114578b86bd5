"""Commands on rule files: check, format, test, explain, compare and backtest."""
