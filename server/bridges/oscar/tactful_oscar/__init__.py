"""Lets a django-oscar shop sell at the offers of a Tactful server."""

__version__ = "0.1.0"
