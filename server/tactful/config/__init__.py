"""Which settings does this shop's server run with, and where does each come from?

`load` reads them; everything else takes the `Config`.
"""

from tactful.config.model import Config
from tactful.config.sources import ConfigError, Reading, load, read

__all__ = ["Config", "ConfigError", "Reading", "load", "read"]
