"""Catalogue of the demo shop: nine products of invented brands, in a few sizes."""

from typing import Final

from msgspec import Struct


class Variant(Struct, frozen=True):
    """One size of a product; `stock`: pieces when the demo starts."""

    sku: str
    size: str
    stock: int


class Article(Struct, frozen=True, kw_only=True):
    """One product. Amounts are euro cents: `price` and `target` with 19 % tax, `cost` without."""

    id: str
    title: str
    brand: str
    category: str
    price: int
    target: int
    cost: int
    line: str
    """A sentence that advertises the product."""
    about: str
    details: tuple[str, ...]
    variants: tuple[Variant, ...]
    consumable_days: int | None = None
    size_name: str = "EU size"

    @property
    def section(self) -> str:
        """Last part of its category."""
        return self.category.rpartition("/")[2]

    @property
    def path(self) -> str:
        """Path of its page in the shop."""
        return f"/shop/product/{self.id}"

    @property
    def picture(self) -> str:
        """Path of its picture."""
        return f"/shop/pictures/{self.id}.svg"


def _sizes(stem: str, stock: dict[str, int]) -> tuple[Variant, ...]:
    return tuple(Variant(f"{stem}-{size}", size, count) for size, count in stock.items())


ARTICLES: Final = (
    Article(
        id="aero-runner",
        title="Velo Aero Runner",
        brand="Velo",
        category="shoes/running",
        price=12900,
        target=9900,
        cost=5200,
        line="Light enough to forget, springy enough to remember.",
        about="A daily trainer with a knitted upper and a foam that gives back most of what you put in.",
        details=("238 g in size 42", "8 mm drop", "Knit of recycled yarn"),
        variants=_sizes("RUN", {"41": 5, "42": 6, "43": 4, "44": 1}),
    ),
    Article(
        id="velo-trail",
        title="Velo Trail",
        brand="Velo",
        category="shoes/running",
        price=13900,
        target=10900,
        cost=5600,
        line="For paths that are more of a suggestion.",
        about="Deep lugs, a rock plate, and a heel that holds when the hill does not.",
        details=("5 mm lugs", "Rock plate", "Drains in a minute"),
        variants=_sizes("TRAIL", {"41": 3, "42": 5, "43": 2}),
    ),
    Article(
        id="fjord-boot",
        title="Nordek Fjord Boot",
        brand="Nordek",
        category="shoes/boots",
        price=18900,
        target=14900,
        cost=7000,
        line="Built on the wet side of the mountain.",
        about="Oiled leather, a welted sole that any cobbler can replace, and a lining of boiled wool.",
        details=("Goodyear welted", "Waterproof to the ankle", "Can be resoled"),
        variants=_sizes("BOOT", {"41": 2, "42": 3, "43": 3}),
    ),
    Article(
        id="harbour-chelsea",
        title="Nordek Harbour Chelsea",
        brand="Nordek",
        category="shoes/boots",
        price=16900,
        target=13900,
        cost=6400,
        line="On in a second, off to anywhere.",
        about="A plain Chelsea in waxed suede, with elastic that outlasts fashion.",
        details=("Waxed suede", "Natural rubber sole", "Pull tabs front and back"),
        variants=_sizes("CHELSEA", {"40": 4, "41": 4, "42": 4}),
    ),
    Article(
        id="court-low",
        title="Lumen Court Low",
        brand="Lumen",
        category="shoes/sneakers",
        price=9500,
        target=7900,
        cost=3400,
        line="The white one. Everybody needs one.",
        about="Smooth leather, a stitched cup sole, and nothing else to distract from your ankles.",
        details=("Full-grain leather", "Stitched cup sole", "Spare laces in navy"),
        variants=_sizes("COURT", {"40": 7, "41": 9, "42": 8, "43": 6}),
    ),
    Article(
        id="canvas-slip",
        title="Lumen Canvas Slip-on",
        brand="Lumen",
        category="shoes/sneakers",
        price=5900,
        target=4900,
        cost=1900,
        line="Summer, without the laces.",
        about="Heavy canvas over a vulcanised sole. Goes into the wash, comes out better.",
        details=("Machine washable", "Vulcanised sole", "180 g in size 40"),
        variants=_sizes("SLIP", {"39": 12, "40": 11, "41": 9}),
    ),
    Article(
        id="dune-sandal",
        title="Kiri Dune Sandal",
        brand="Kiri",
        category="shoes/sandals",
        price=7900,
        target=5900,
        cost=2400,
        line="Straps where you need them, air everywhere else.",
        about="A cork footbed that takes your shape in a week. We bought too many of them.",
        details=("Cork footbed", "Two buckles", "Vegetable-tanned straps"),
        variants=_sizes("DUNE", {"38": 34, "39": 41, "40": 38}),
    ),
    Article(
        id="merino-socks",
        title="Velo Merino Socks",
        brand="Velo",
        category="socks",
        price=1990,
        target=1790,
        cost=600,
        line="Three pairs that do not itch.",
        about="Merino with a little nylon where toes and heels ask for it.",
        details=("68 % merino", "Three pairs", "Mulesing-free"),
        variants=_sizes("SOCK", {"39-42": 40, "43-46": 36}),
        consumable_days=90,
        size_name="Size",
    ),
    Article(
        id="beeswax-balm",
        title="Nordek Beeswax Balm",
        brand="Nordek",
        category="care",
        price=1490,
        target=1290,
        cost=420,
        line="Feeds leather, smells of honey.",
        about="A tin of balm and a cloth. Twice a year is enough for a boot that is worth keeping.",
        details=("75 ml tin", "Cotton cloth", "No silicone"),
        variants=(Variant("BALM-75", "75 ml", 25),),
        consumable_days=120,
        size_name="Tin",
    ),
)

SECTIONS: Final = {
    "running": "Running",
    "boots": "Boots",
    "sneakers": "Sneakers",
    "sandals": "Sandals",
    "socks": "Socks",
    "care": "Care",
}
"""Last part of a category → its name in the shop."""

BY_ID: Final = {article.id: article for article in ARTICLES}
BY_SKU: Final = {
    variant.sku: (article, variant) for article in ARTICLES for variant in article.variants
}
