"""The kinds of connectors that settings can name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tactful.connectors.connector import Connector
from tactful.connectors.desks.library import UnknownMappingError, load_mapping, ready_made
from tactful.connectors.desks.mapping_file import MappingError
from tactful.connectors.desks.ticket_connector import ticket_connector
from tactful.connectors.shops.medusa import MEDUSA
from tactful.connectors.shops.shopify import SHOPIFY
from tactful.connectors.shops.woocommerce import WOOCOMMERCE

SHOPS: Final[Mapping[str, Connector]] = {one.name: one for one in (MEDUSA, SHOPIFY, WOOCOMMERCE)}
"""Value of `kind` → the connector of a shop platform."""
OWN_MAPPING: Final = "tickets"
"""The value of `kind` for a help desk with a mapping file of the shop's own."""


def kinds() -> tuple[str, ...]:
    """Return the values that `kind` can have, sorted."""
    return tuple(sorted({*SHOPS, *ready_made(), OWN_MAPPING}))


def connector_of(kind: str, mapping: Path | None = None) -> Connector:
    """Return the connector of a kind.

    Args:
        kind: The value of `kind` in the settings.
        mapping: The mapping file that the settings name.

    Raises:
        ValueError: There is no such kind, or its mapping file cannot be used.
    """
    if kind == OWN_MAPPING and mapping is None:
        raise ValueError(f"The kind {kind} needs a mapping file. Name it with mapping.")
    if kind != OWN_MAPPING and mapping is not None:
        raise ValueError(f"The kind {kind} takes no mapping. Write {OWN_MAPPING}, or leave it out.")
    if kind in SHOPS:
        return SHOPS[kind]
    if kind not in kinds():
        raise ValueError(f"There is no kind {kind[:40]!r}. Write one of {', '.join(kinds())}.")
    try:
        return ticket_connector(load_mapping(str(mapping or kind)).file)
    except (UnknownMappingError, MappingError) as error:
        raise ValueError(str(error)) from error
