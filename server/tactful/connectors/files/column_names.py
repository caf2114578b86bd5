"""Names of the columns of exports, in the spellings and languages of the platforms."""

from collections.abc import Iterable, Mapping
from typing import Final

Aliases = Mapping[str, tuple[str, ...]]
"""Column name that a reader uses → other names of this column in exports."""

SHOPIFY_PRODUCTS: Final[Aliases] = {
    "Handle": ("URL handle",),
    "Title": (),
    "Vendor": (),
    "Type": (),
    "Product Category": (),
    "Published": ("Published on online store",),
    "Status": (),
    "Gift Card": (),
    "Variant SKU": ("SKU",),
    "Variant ID": ("ID",),
    "Variant Barcode": ("Barcode",),
    "Option1 Value": (),
    "Option2 Value": (),
    "Option3 Value": (),
    "Variant Price": ("Price",),
    "Variant Compare At Price": ("Compare-at price", "Compare at price"),
    "Cost per item": (),
    "Variant Inventory Tracker": ("Inventory tracker",),
    "Variant Inventory Qty": ("Inventory quantity",),
    "Image Src": ("Product image URL",),
    "Variant Image": ("Variant image URL",),
}
"""Shopify's product export, in the format used until 2024 and in the present one."""

SHOPIFY_INVENTORY: Final[Aliases] = {"Available": ("Available (not editable)",)}
"""Shopify's inventory export."""

WOOCOMMERCE_PRODUCTS: Final[Aliases] = {
    "ID": (),
    "Type": ("Typ", "Tipo", "Тип"),
    "SKU": ("Artikelnummer", "UGS", "Артикул", "COD", "Artikelnr."),
    "GTIN, UPC, EAN, or ISBN": ("GTIN, UPC, EAN oder ISBN", "GTIN, UPC, EAN ou ISBN"),
    "Name": ("Nom", "Имя", "Название", "Nombre", "Nome", "Naam"),
    "Published": ("Veröffentlicht", "Publié", "Опубликован", "Publicado", "Pubblicato"),
    "Date sale price starts": (
        "Datum, an dem Angebotspreis beginnt",
        "Datum, an dem der Angebotspreis beginnt",
        "Angebotspreis gültig ab",
        "Date de début de promo",
        "Дата начала действия скидки",
        "Дата начала действия продажной цены",
        "Día en que empieza el precio rebajado",
    ),
    "Date sale price ends": (
        "Datum, an dem Angebotspreis endet",
        "Datum, an dem der Angebotspreis endet",
        "Angebotspreis gültig bis",
        "Date de fin de promo",
        "Дата окончания действия скидки",
        "Дата окончания действия продажной цены",
        "Día en que termina el precio rebajado",
    ),
    "In stock?": (
        "Vorrätig?",
        "Auf Lager?",
        "En stock ?",
        "En stock?",
        "Наличие",
        "В наличии?",  # noqa: RUF001 - Cyrillic
        "¿Existencias?",
        "¿En inventario?",
    ),
    "Stock": ("Bestand", "Lager", "Lagerbestand", "Запасы", "Inventario"),
    "Sale price": (
        "Angebotspreis",
        "Tarif promo",
        "Акционная цена",
        "Цена распродажи",
        "Precio rebajado",
    ),
    "Regular price": ("Regulärer Preis", "Tarif régulier", "Базовая цена", "Precio normal"),
    "Categories": ("Kategorien", "Catégories", "Категории", "Categorías"),
    "Images": ("Bilder", "Изображения", "Imágenes"),
    "Parent": (
        "Übergeordnetes Produkt",
        "Übergeordnet",
        "Parent SKU",
        "Родительский",
        "Родительский товар",
        "Superior",
    ),
    "Brands": ("Marken", "Marques", "Бренды", "Marcas"),
    "Cost of goods": ("Warenkosten", "Coût des marchandises"),
}
"""WooCommerce's product export, whose header is written in the language of the shop's manager."""


def renaming(header: Iterable[str], aliases: Aliases) -> dict[str, str]:
    """Return the columns whose name in the file differs from the name that readers use.

    Names are compared without case. A column with the reader's own name wins over an alias.

    Args:
        header: Names of the columns in the file.
        aliases: Names that readers use, and their aliases.

    Returns:
        Name in the file → name that readers use.
    """
    folded = {name.casefold(): name for name in header}
    found = {}
    for name, others in aliases.items():
        for each in (name, *others):
            if (written := folded.get(each.casefold())) is not None:
                if written != name:
                    found[written] = name
                break
    return found


def read_names(header: Iterable[str], aliases: Aliases) -> frozenset[str]:
    """Return the names that readers use for the columns of a header."""
    header = tuple(header)
    renamed = renaming(header, aliases)
    return frozenset(renamed.get(name, name) for name in header)
