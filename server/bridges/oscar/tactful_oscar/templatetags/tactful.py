"""`{% tactful_script %}`: the widget's script tag with the product, basket and customer."""

import json
import time
from typing import Any, Final

from django import template
from django.middleware.csrf import get_token

from tactful_bridge.identity import sign_customer, sign_identity
from tactful_oscar.conf import BridgeSettings, bridge_settings
from tactful_oscar.order_sessions import SESSION_COOKIE

register: Final = template.Library()

_PAGES: Final = {
    ("basket", "summary"): "cart",
    ("checkout", "payment-details"): "payment",
    ("checkout", "preview"): "payment",
    ("checkout", "payment-method"): "payment",
    ("search", "search"): "search",
    ("catalogue", "category"): "category",
    ("catalogue", "index"): "category",
    ("catalogue", "detail"): "product",
}
"""(namespace, name) of Oscar's addresses → the widget's kind of page."""
_NAMESPACES: Final = {"checkout": "checkout", "customer": "account"}


@register.inclusion_tag("tactful_oscar/script.html", takes_context=True)
def tactful_script(context: Any) -> dict[str, object]:
    """Return what the tag's template needs. Write the tag once, in the shop's base template.

    Pages that are cached for all shoppers must not contain it, because it names the customer.
    """
    chosen = bridge_settings()
    request = context["request"]
    user = getattr(request, "user", None)
    is_known = user is not None and user.is_authenticated
    identity = _identity(chosen, str(user.pk)) if user is not None and is_known else ""
    return {
        "is_paired": chosen.is_paired,
        "widget": f"{(chosen.widget_url or chosen.url).rstrip('/')}/widget/v1.js",
        "territory": chosen.territory,
        "consent": chosen.consent,
        "page": page_kind(getattr(request, "resolver_match", None)),
        "identity": identity,
        "csrf": get_token(request),
        "sku": _sku(context),
        "cart": _cart(request),
        "session": SESSION_COOKIE,
        "nonce": getattr(request, "csp_nonce", ""),
    }


def _identity(chosen: BridgeSettings, customer: str) -> str:
    """Return a signed identity as text, a JSON object or a JWT; empty: nothing signs it."""
    now = int(time.time())
    if chosen.identity_key:
        return json.dumps(sign_customer(chosen.identity_key, customer, now))
    return sign_identity(chosen.identity_secret, customer, now) if chosen.identity_secret else ""


def page_kind(match: Any) -> str:
    """Return the widget's kind of a page; empty: the widget finds it out.

    Args:
        match: Django's `ResolverMatch` of the request; `None`: an error page.
    """
    if match is None:
        return "other"
    namespace = match.namespaces[-1] if match.namespaces else ""
    name = match.url_name or ""
    return _PAGES.get((namespace, name)) or _NAMESPACES.get(namespace, "")


def _sku(context: Any) -> str:
    """Return the SKU of a product page; empty for other pages and for products with variants."""
    request, product = context["request"], context.get("product")
    match = getattr(request, "resolver_match", None)
    if product is None or page_kind(match) != "product" or product.is_parent:
        return ""
    record = request.strategy.fetch_for_product(product).stockrecord
    return "" if record is None else str(record.partner_sku)


def _cart(request: Any) -> str:
    """Return the lines of the basket as JSON; empty: there is none."""
    basket = getattr(request, "basket", None)
    if basket is None:
        return ""
    lines = [
        {"sku": line.stockrecord.partner_sku, "qty": line.quantity} for line in basket.all_lines()
    ]
    return json.dumps(lines)
