"""Settings of a server, from defaults, a TOML file, the environment and the command line.

`load` reads and checks them. Everything else receives the `Config`.
"""

from tactful.config.loading import ConfigError, LoadedConfig, load, load_with_origins
from tactful.config.schema import Config

__all__ = ["Config", "ConfigError", "LoadedConfig", "load", "load_with_origins"]
