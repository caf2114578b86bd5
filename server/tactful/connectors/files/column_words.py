"""Names that tables of any system give to their columns, in the languages of shops."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Final

FIELDS: Final = (
    "sku", "product", "title", "brand", "category", "url", "image", "price", "list", "cost", "stock",
    "availability", "currency",
)  # fmt: skip
"""Fields that a column can give."""
NUMERIC: Final = frozenset({"price", "list", "cost", "stock"})
"""Those whose values are numbers."""
_NAMES: Final[Mapping[str, str]] = {
    "sku": """
        sku, article number, article no, item number, item no, item code, product code, part number
        artikelnummer, artikelnr, artnr, art nr, artikel nr, bestellnummer, référence, référence produit
        référence article, code article, ugs, referencia, código, código de artículo, codice
        codice articolo, codice prodotto, artikelcode, referência, código do produto, varenummer
        varenr, produktnummer, tuotenumero, tuotekoodi, numer katalogowy, kod produktu, kod towaru
        symbol, indeks
        kód produktu, kód zboží, kód, katalogové číslo, cikkszám, cod produs, артикул, код товара
        stok kodu, ürün kodu, 商品コード, 品番, 商品番号, κωδικός
        reference, id
    """,
    "product": """
        product id, parent sku, item group id, group, handle, produkt id, produktgruppe, produktgrupp
        modell, model
    """,
    "title": """
        title, product name, item name, name, bezeichnung, produktname, artikelbezeichnung, titel
        produktbezeichnung, nom, nom du produit, titre, désignation, libellé, nombre, título
        nombre del producto, nome, titolo, nome prodotto, descrizione, naam, productnaam, omschrijving
        nome do produto, designação, benämning, produktnamn, artikelbenämning, namn, produktnavn
        varenavn, navn, nimi, tuotenimi, nazwa, nazwa produktu, název, názov, název produktu, megnevezés
        név, terméknév, denumire, nume produs, название, наименование, ürün adı, 商品名, όνομα
        description
    """,
    "brand": """
        brand, vendor, manufacturer, marke, hersteller, marque, fabricant, marca, fabricante
        produttore, merk, fabrikant, märke, varumärke, merke, mærke, merkki, tuotemerkki, marka
        producent, značka, výrobce, výrobca, márka, gyártó, бренд, производитель, ブランド
    """,
    "category": """
        category, categories, product category, kategorie, warengruppe, produktkategorie, catégorie
        rayon, categoría, categoria, reparto, categorie, productgroep, kategori, varugrupp, varegruppe
        kategoria, tuoteryhmä, kategória, termékcsoport, категория, カテゴリ, カテゴリー, κατηγορία
    """,
    "url": """
        url, link, product url, product link, web address, webadresse, produktlink, lien, url produit
        enlace, webbadress, länk, nettadresse, lenke, linkki, adres url, odkaz, ссылка, リンク
    """,
    "image": """
        image, image url, image link, picture, photo, bild, bild url, bildlink, imagen, immagine
        afbeelding, imagem, bilde, billede, kuva, zdjęcie, obrázek, obrázok, kép, imagine, изображение
        画像
    """,
    "price": """
        selling price, sales price, price, retail price, unit price, verkaufspreis, endpreis
        bruttopreis, vk brutto, vk preis, vk, preis, prix, prix de vente, prix ttc, precio
        precio de venta, pvp, prezzo, prezzo di vendita, prijs, verkoopprijs, preço, preço de venda
        pris, försäljningspris, utpris, utsalgspris, salgspris, hinta, myyntihinta, cena
        cena sprzedaży, cena brutto, prodejní cena, predajná cena, ár, eladási ár, bruttó ár, preț
        preț de vânzare, цена, розничная цена, fiyat, satış fiyatı, 価格, 販売価格, 値段, τιμή
    """,
    "list": """
        list price, rrp, msrp, compare at price, recommended price, regular price, original price
        old price, uvp, uvp preis, listenpreis, streichpreis, statt preis, alter preis, prix barré
        prix public, prix initial, pvp recomendado, precio anterior, prezzo originale, oude prijs
        ord pris, ordpris, tidigare pris, førpris, før pris, vanlig pris, normalpris, stara cena
        prix conseillé, precio recomendado, prezzo di listino, adviesprijs, rekommenderat pris
        ordinarie pris, veiledende pris, vejledende pris, suositushinta, cena katalogowa
        doporučená cena, ajánlott ár, рекомендованная цена, 定価
    """,
    "cost": """
        cost, cost price, cost per item, purchase price, wholesale price, einkaufspreis, ek
        ek netto, ek preis, prix d achat, prix de revient, coste, precio de compra, precio de coste
        costo, prezzo di acquisto, inkoopprijs, preço de custo, custo, inköpspris, inköp, inpris
        innkjøpspris, indkøbspris, kostpris, ostohinta, cena zakupu, nákupní cena, nákupná cena
        beszerzési ár, preț de achiziție, себестоимость, закупочная цена, alış fiyatı, 原価, 仕入価格
    """,
    "stock": """
        stock, stock quantity, quantity, qty, on hand, available quantity, inventory, bestand
        lagerbestand, menge, stück, stückzahl, quantité, quantité en stock, en stock, cantidad
        existencias, quantità, giacenza, disponibilità, voorraad, aantal, quantidade, estoque, lager
        lagersaldo, saldo, lagerantall, antall, lagerantal, antal, varasto, varastosaldo, määrä, saldo
        stan magazynowy, stan, ilość, skladem, množství, množstvo, počet kusů, készlet, mennyiség
        stoc, cantitate, остаток, количество, stok, stok adedi, 在庫, 在庫数, απόθεμα
    """,
    "availability": """
        availability, in stock, verfügbarkeit, lieferbarkeit, disponibilité, disponibilidad
        beschikbaarheid, tillgänglighet, saatavuus, dostępność, dostupnost, наличие
    """,
    "currency": """
        currency, currency code, währung, devise, moneda, valuta, moeda, valuutta, waluta, měna, mena
        pénznem, валюта, 通貨
    """,
}
"""Field → names of columns, the surest first."""
_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
_NO_WORD = re.compile(r"[\W_]+")
_BESIDE: Final = frozenset(
    [
        "in",
        "inkl",
        "incl",
        "inc",
        "excl",
        "exkl",
        "zzgl",
        "ab",
        "mit",
        "ohne",
        "moms",
        "mva",
        "mwst",
        "ust",
        "vat",
        "tax",
        "iva",
        "ttc",
        "ht",
        "tva",
        "btw",
        "dph",
        "alv",
        "brutto",
        "netto",
        "gross",
        "net",
        "euro",
        "eur",
        "sek",
        "nok",
        "dkk",
        "gbp",
        "usd",
        "chf",
        "pln",
        "czk",
        "huf",
        "ron",
        "kr",
        "st",
        "pcs",
        "stk",
        "stück",
    ]
)
"""Words that a column has beside its name: units, taxes and currencies."""


def _plain(name: str) -> str:
    """Return a name in lower case, without accents, brackets and punctuation."""
    spread = unicodedata.normalize("NFKD", _BRACKETS.sub(" ", name).casefold())
    bare = "".join(sign for sign in spread if not unicodedata.combining(sign))
    return _NO_WORD.sub(" ", unicodedata.normalize("NFC", bare)).strip()


def _names(text: str) -> Iterator[str]:
    for line in text.strip().splitlines():
        yield from (_plain(name) for name in line.split(","))


_KNOWN: Final = {field: tuple(_names(text)) for field, text in _NAMES.items()}


def propose_columns(
    header: tuple[str, ...], numeric: Collection[str] | None = None
) -> dict[str, str]:
    """Return field → column of the header, for each field that a column seems to contain.

    Args:
        header: Names of the columns.
        numeric: The columns with numbers, of which one can be an amount or a stock; None: all.
    """
    names: dict[str, str] = {}
    for column in header:
        names.setdefault(_plain(column), column)
    for column in header:
        words = [word for word in _plain(column).split() if word not in _BESIDE]
        names.setdefault(" ".join(words), column)
    found: dict[str, str] = {}
    for field in FIELDS:
        for name in _KNOWN[field]:
            column = names.get(name, "")
            fits = numeric is None or field not in NUMERIC or column in numeric
            if column and fits and column not in found.values():
                found[field] = column
                break
    return found
