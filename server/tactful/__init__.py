"""Live price offers with the tact not to make the wrong ones.

The public Python API is `create_app` and `Config`: an ASGI app for one shop, and its settings.
Names that are not in `__all__` are internal and may change in any release; CONTRIBUTING.md states
the compatibility promise. Importing this package imports nothing else until a name is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tactful.app import create_app
    from tactful.config import Config

__all__ = ["Config", "__version__", "create_app"]

__version__ = "0.1.0"

_HOMES = {"Config": "tactful.config", "create_app": "tactful.app"}
"""Public name → the module that defines it, imported on first use."""


def __getattr__(name: str) -> object:
    """Import a public name on its first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'tactful' has no attribute '{name}'")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
