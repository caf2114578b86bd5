"""Which settings does this shop's server run with, and where does each come from?

`load` reads them; everything else takes the `Config`.
"""

from tactful.config.loading import ConfigError, LoadedConfig, load, load_with_origins
from tactful.config.schema import Config

__all__ = ["Config", "ConfigError", "LoadedConfig", "load", "load_with_origins"]
