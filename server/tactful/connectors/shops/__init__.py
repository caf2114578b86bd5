"""Connectors of shop platforms: what each sends, and how it becomes facts."""
