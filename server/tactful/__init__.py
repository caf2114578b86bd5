"""Price offers with tact."""

__version__ = "0.1.0"
