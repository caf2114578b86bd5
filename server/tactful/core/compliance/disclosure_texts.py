"""Disclosure texts of personalised prices in the official languages of the EEA.

Each text says what Directive 2011/83/EU, Article 6(1)(ea), asks the trader to state: that the price was
personalised on the basis of automated decision-making. The texts are the project's own translations. No
lawyer and no native speaker has reviewed them, so a shop has the ones that it shows reviewed.
`server/DISCLOSURES.md` shows this table.
"""

from typing import Final

from msgspec import Struct

_SOURCE: Final = "Directive 2011/83/EU, Article 6(1)(ea)"
_DATE: Final = "2026-11-30"


class DisclosureText(Struct, frozen=True):
    """A disclosure text in one language, and where it comes from."""

    language: str
    """ISO 639-1 code, as in the language tag of a page."""
    text: str
    source: str = _SOURCE
    """The rule of law that asks for the statement: the directive's article and number."""
    translation: str = "own"
    """Whose translation it is: `own` is the project's."""
    reviewed: str = "none"
    """Who reviewed the text; `none`: nobody."""
    date: str = _DATE
    """The day on which the text was written or last changed."""


DISCLOSURE_TEXTS: Final = (
    DisclosureText("bg", "Тази цена е персонализирана за Вас въз основа на автоматизирано вземане на решения."),
    DisclosureText("cs", "Tato cena byla pro Vás přizpůsobena na základě automatizovaného rozhodování."),
    DisclosureText("da", "Denne pris er tilpasset dig på grundlag af automatiseret beslutningstagning."),
    DisclosureText("de", "Dieser Preis wurde durch automatisierte Entscheidungsfindung für Sie personalisiert."),
    DisclosureText("el", "Η τιμή αυτή έχει εξατομικευθεί για εσάς με βάση την αυτοματοποιημένη λήψη αποφάσεων."),
    DisclosureText("en", "This price was personalised for you by automated decision-making."),
    DisclosureText("es", "Este precio se ha personalizado para usted mediante decisiones automatizadas."),
    DisclosureText("et", "See hind on Teie jaoks kohandatud automatiseeritud otsuste tegemise alusel."),
    DisclosureText("fi", "Tämä hinta on räätälöity sinulle automatisoidun päätöksenteon perusteella."),
    DisclosureText("fr", "Ce prix a été personnalisé pour vous par une prise de décision automatisée."),
    DisclosureText("ga", "Rinneadh an praghas seo a phearsantú duit ar bhonn cinnteoireachta uathoibrithe."),
    DisclosureText("hr", "Ova je cijena prilagođena Vama na temelju automatiziranog donošenja odluka."),
    DisclosureText("hu", "Ezt az árat automatizált döntéshozatal alapján személyre szabtuk az Ön számára."),
    DisclosureText("is", "Þetta verð var sérsniðið fyrir þig á grundvelli sjálfvirkrar ákvarðanatöku."),
    DisclosureText("it", "Questo prezzo è stato personalizzato per Lei sulla base di un processo decisionale automatizzato."),
    DisclosureText("lt", "Ši kaina Jums pritaikyta remiantis automatizuotu sprendimų priėmimu."),
    DisclosureText("lv", "Šī cena ir Jums personalizēta, pamatojoties uz automatizētu lēmumu pieņemšanu."),
    DisclosureText("mt", "Dan il-prezz ġie personalizzat għalik abbażi ta’ teħid ta’ deċiżjonijiet awtomatizzat."),
    DisclosureText("nb", "Denne prisen er tilpasset deg på grunnlag av automatiserte avgjørelser."),
    DisclosureText("nl", "Deze prijs is voor u gepersonaliseerd op basis van geautomatiseerde besluitvorming."),
    DisclosureText("nn", "Denne prisen er tilpassa deg på grunnlag av automatiserte avgjerder."),
    DisclosureText("pl", "Ta cena została dostosowana do Ciebie na podstawie zautomatyzowanego podejmowania decyzji."),
    DisclosureText("pt", "Este preço foi personalizado para si com base numa decisão automatizada."),
    DisclosureText("ro", "Acest preț a fost personalizat pentru dumneavoastră pe baza unui proces decizional automatizat."),
    DisclosureText("sk", "Táto cena bola pre Vás prispôsobená na základe automatizovaného rozhodovania."),
    DisclosureText("sl", "Ta cena je bila za Vas prilagojena na podlagi avtomatiziranega sprejemanja odločitev."),
    DisclosureText("sv", "Detta pris har anpassats för dig på grundval av automatiserat beslutsfattande."),
)  # fmt: skip
"""By language. Norwegian has two forms; the tag `no` is read as `nb`."""
