"""The product that the shop sells at the address of a page.

A product names the addresses at which it is sold. Each is a subject of its fact, in a normal form, so
the facts about an address are those of the products that are sold there.
"""

import re
from collections.abc import Iterable
from typing import Final

from tactful.core.facts.item_facts import Product

SUBJECT: Final = "page"
"""The kind of subject under which a product is found by its address."""
MAX_KEY_CHARS: Final = 512
"""Longer normal forms name no page. They would fill the index."""
_TRACKING: Final = frozenset(
    {
        "_ga", "_gl", "_pos", "_psq", "_sid", "_ss", "campaign", "cause", "dclid", "epik", "fbclid",
        "gad_source", "gbraid", "gclid", "igshid", "irclickid", "li_fat_id", "mc_cid", "mc_eid",
        "msclkid", "pr_prod_strat", "srsltid", "tactful_link", "ttclid", "twclid", "voucher",
        "wbraid", "yclid",
    }
)  # fmt: skip
"""Query parameters that say where a visit comes from, beside those that start with `utm_`."""

_ADDRESS: Final = re.compile(
    r"(?:https?://(?P<host>[^/?#]+)|(?=/(?!/)))(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""An http or https address, or a path of the shop's own site."""
_ESCAPE: Final = re.compile(rb"%([0-9a-fA-F]{2})")


def page_keys(url: str) -> tuple[str, ...]:
    """Return the normal forms of an address under which its product may be reported.

    The first one has the query parameters, the second one has not. Scheme, host, fragment, a slash at
    the end and parameters of campaigns do not count. Empty: the text is no address.
    """
    parts = _parts(url)
    if parts is None:
        return ()
    _, path, query = parts
    keys = (f"{path}?{query}", path) if query else (path,)
    return tuple(key for key in keys if len(key) <= MAX_KEY_CHARS)


def product_at(url: str, products: Iterable[Product]) -> str | None:
    """Return the SKU that is sold at an address; `None`: there is none, or more than one.

    Products that are reported with the query parameters of the address come before those that are
    reported without any, and those on the same host before those on others. At the root of a site
    the host must be the same.

    Args:
        url: The address of a page.
        products: The products that are reported under one of its `page_keys`.
    """
    wanted = _parts(url)
    if wanted is None:
        return None
    host, path, query = wanted
    found: dict[tuple[bool, bool], set[str]] = {}
    for product in products:
        for address in product.addresses:
            known = _parts(address)
            if known is None or known[1] != path or known[2] not in {query, ""}:
                continue
            same_host = not known[0] or known[0] == host
            if same_host or path != "/":
                rank = known[2] == query, same_host
                found.setdefault(rank, set()).add(product.sku)
    best = found[max(found)] if found else set[str]()
    return next(iter(best)) if len(best) == 1 else None


def _parts(url: str) -> tuple[str, str, str] | None:
    """Return host, path and query of an address in normal form; `None`: the text is no address."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return None
    host, path, query = found["host"] or "", found["path"], found["query"] or ""
    kept = sorted(field for field in query.split("&") if field and not _is_tracking(field))
    host = host.lower().rpartition("@")[2].removeprefix("www.")
    return host, _decoded(path).rstrip("/") or "/", _decoded("&".join(kept))


def _is_tracking(field: str) -> bool:
    name = field.partition("=")[0]
    return name in _TRACKING or name.startswith("utm_")


def _decoded(text: str) -> str:
    """Return a text in which the escapes of UTF-8 (RFC 3986, section 2.1) are characters."""
    if "%" not in text:
        return text
    octets = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode())
    return octets.decode(errors="replace")
