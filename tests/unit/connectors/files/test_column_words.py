"""Columns are proposed by their names, in the languages of shops."""

import pytest

from tactful.connectors.files.column_words import _KNOWN, FIELDS, propose_columns


def test_columns_are_proposed_by_their_names() -> None:
    header = ("Artikelnr", "BEZEICHNUNG", "Preis", "Lagerplatz")
    assert propose_columns(header) == {
        "sku": "Artikelnr", "title": "BEZEICHNUNG", "price": "Preis",
    }  # fmt: skip
    assert propose_columns(("Lagerplatz", "")) == {}


def test_no_column_gives_two_fields() -> None:
    assert propose_columns(("Saldo", "Name")) == {"title": "Name", "stock": "Saldo"}
    assert propose_columns(("Description",)) == {"title": "Description"}


@pytest.mark.parametrize(
    "header",
    [
        ("Artikelnr", "Ben\u00e4mning", "Pris", "Ink\u00f6p", "Lager"),
        ("Art.-Nr.", "Bezeichnung", "VK brutto (EUR)", "EK netto", "Bestand [Stk]"),
        ("R\u00e9f\u00e9rence", "D\u00e9signation", "Prix TTC", "Prix d\u2019achat", "Quantit\u00e9"),
        ("C\u00f3digo", "Nombre", "PVP", "Precio de compra", "Existencias"),
        ("Codice articolo", "Descrizione", "Prezzo IVA incl.", "Costo", "Giacenza"),
        ("Artikelnummer", "Omschrijving", "Verkoopprijs incl. BTW", "Inkoopprijs", "Voorraad"),
        ("Varenr.", "Varenavn", "Pris inkl. moms", "Kostpris", "Lagerantal"),
        ("Tuotekoodi", "Nimi", "Hinta", "Ostohinta", "Varastosaldo"),
        ("Symbol", "Nazwa", "Cena brutto", "Cena zakupu", "Stan"),
        ("K\u00f3d", "N\u00e1zev", "Cena (K\u010d)", "N\u00e1kupn\u00ed cena", "Skladem"),
        ("\u0410\u0440\u0442\u0438\u043a\u0443\u043b", "\u041d\u0430\u0437\u0432\u0430\u043d\u0438\u0435", "\u0426\u0435\u043d\u0430",
         "\u0421\u0435\u0431\u0435\u0441\u0442\u043e\u0438\u043c\u043e\u0441\u0442\u044c", "\u041e\u0441\u0442\u0430\u0442\u043e\u043a"),
        ("\u5546\u54c1\u30b3\u30fc\u30c9", "\u5546\u54c1\u540d", "\u8ca9\u58f2\u4fa1\u683c", "\u4ed5\u5165\u4fa1\u683c", "\u5728\u5eab\u6570"),
        ("product_code", "product_name", "unit_price", "cost_price", "qty"),
    ],
)  # fmt: skip
def test_a_header_of_every_language_is_understood(header: tuple[str, ...]) -> None:
    assert propose_columns(header) == dict(
        zip(("sku", "title", "price", "cost", "stock"), header, strict=True)
    )


def test_the_plainer_of_two_columns_is_proposed() -> None:
    assert propose_columns(("Price net", "Price"))["price"] == "Price"


def test_every_field_has_names() -> None:
    assert set(_KNOWN) == set(FIELDS)
    assert all(names for names in _KNOWN.values())
