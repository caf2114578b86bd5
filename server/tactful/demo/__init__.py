"""Demo shop: storefront, facts, rules, panel and console in one process, on one port."""

from tactful.demo.server import run

__all__ = ["run"]
