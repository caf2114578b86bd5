"""Products of WooCommerce as facts: simple ones, and variations with what their parent says."""

from typing import Final

from tactful.connectors.connector import Fetch, Json, Mapped, Terms
from tactful.connectors.shops.shop_values import instant, minor_units, present, price_fact

API: Final = "/wp-json/wc/v3"
_PARENTS: Final = frozenset({"variable", "variable-subscription"})
_WITHOUT_PRICE: Final = frozenset({"grouped", "external"})


def map_delivered_product(fields: Json, terms: Terms) -> Mapped:
    """Return what a delivered product means; a parent is fetched again.

    The variations are as they are now, and an old payload of their parent would describe them.
    """
    if fields["type"] not in _PARENTS:
        return map_product(fields, terms)
    return Mapped(fetch=(Fetch(path=f"{API}/products/{fields['id']}", topic="product"),))


def map_product(fields: Json, terms: Terms) -> Mapped:
    """Return what a product means that was read; what is sold in variations needs them."""
    kind = fields["type"]
    if kind in _PARENTS:
        parent = {name: fields.get(name) for name in _OF_PARENT}
        path = f"{API}/products/{fields['id']}/variations?per_page=100"
        return Mapped(fetch=(Fetch(path=path, topic="variation", base={"parent": parent}),))
    if kind in _WITHOUT_PRICE:
        return Mapped(dropped=(f"A product of the type {kind} has no price of its own.",))
    if kind != "variation":
        return _variant(fields, fields, terms)
    # Categories and brand stand at the parent only.
    path = f"{API}/products/{fields['parent_id']}"
    alone = _variant(fields, {"id": fields["parent_id"]}, terms)
    described = tuple(fact for fact in alone.facts if fact["type"] == "product")
    parent_fetch = Fetch(path=path, topic="product", otherwise=described)
    facts = tuple(fact for fact in alone.facts if fact["type"] != "product")
    return Mapped(facts=facts, fetch=(parent_fetch,), dropped=alone.dropped)


_OF_PARENT: Final = (
    "id", "name", "permalink", "status", "categories", "brands", "images", "date_modified_gmt",
)  # fmt: skip


def map_variation(fields: Json, terms: Terms) -> Mapped:
    """Return what a variation means that was read, given its parent."""
    return _variant(fields, fields["parent"], terms)


def _variant(fields: Json, parent: Json, terms: Terms) -> Mapped:
    sku = sku_of(fields, terms)
    if sku is None:
        return Mapped(dropped=("A product has no SKU. Give it one, or set sku_from_id.",))
    version = instant(fields.get("date_modified_gmt"))
    # An edit of the parent changes what its variations are called, and a sale from the stock of the
    # parent changes theirs: both move the stamp of the parent only.
    latest = max(filter(None, (version, instant(parent.get("date_modified_gmt")))), default=None)
    is_sold = "publish" in fields["status"] and parent.get("status", "publish") == "publish"
    names = [str(one["name"]) for one in parent.get("categories") or ()]
    brands = [str(one["name"]) for one in parent.get("brands") or ()]
    images = [fields.get("image"), *(fields.get("images") or ()), *(parent.get("images") or ())]
    product = {
        "type": "product",
        "sku": sku,
        "product": str(parent["id"]),
        "title": _title(fields["name"], parent.get("name")),
        "brand": brands[0] if brands else None,
        "categories": names or None,
        "url": fields.get("permalink") or parent.get("permalink"),
        "image": next((one["src"] for one in images if one and one.get("src")), None),
        "status": "active" if is_sold else "discontinued",
        "version": latest,
    }
    facts, dropped = [present(product)], []
    if fields.get("price") in {None, ""}:
        dropped.append("A product has no price.")
    elif terms.territory and terms.currency:
        facts.append(_price(sku, fields, terms, terms.currency, version))
    if terms.territory:
        stamp = {"version": latest} if latest else {}
        facts.append({**_stock(fields), "sku": sku, "territory": terms.territory, **stamp})
    return Mapped(facts=tuple(facts), dropped=tuple(dropped))


def _title(name: str, of_parent: str | None) -> str:
    """Return the whole name: a webhook has it, and the REST API only the variation's part."""
    return name if not of_parent or name.startswith(of_parent) else f"{of_parent} - {name}"


def sku_of(fields: Json, terms: Terms) -> str | None:
    """Return the SKU of a product, a variation or a line; `None`: it has none."""
    if terms.sku_from_id:
        return str(fields.get("variation_id") or fields.get("product_id") or fields["id"])
    return fields.get("sku") or None


def _price(sku: str, fields: Json, terms: Terms, currency: str, version: str | None) -> Json:
    price, regular = (
        minor_units(fields.get(name) or fields["price"], currency)
        for name in ("price", "regular_price")
    )
    return price_fact(sku, price, regular, currency, terms, version)


def _stock(fields: Json) -> Json:
    """Return the stock without its SKU; a variation whose parent counts has the parent's number."""
    status = fields.get("stock_status")
    if fields.get("manage_stock"):
        backorder = fields.get("backorders", "no") != "no"
        count = fields.get("stock_quantity") or 0
        return {
            "type": "stock",
            "available": int(count),
            "policy": "backorder" if backorder else "deny",
        }
    if status == "instock":
        return {"type": "stock", "available": None, "policy": "untracked"}
    policy = "backorder" if status == "onbackorder" else "deny"
    return {"type": "stock", "available": 0, "policy": policy}
