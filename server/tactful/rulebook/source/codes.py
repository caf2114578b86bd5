"""Which findings can the checker make, and what is each about?

A code is stable: it is never given a second meaning, and each has a page in `rules/codes/`.
"""

from typing import Final, Literal

from msgspec import Struct

Severity = Literal["error", "warning"]


class Code(Struct, frozen=True):
    """One kind of finding; an error keeps the whole rulebook from being activated."""

    id: str
    title: str
    severity: Severity = "error"


CODES: Final[dict[str, Code]] = {
    code.id: code
    for code in (
        # The file itself.
        Code("R101", "the file is not UTF-8 text"),
        Code("R102", "the file is too large"),
        Code("R103", "the layout cannot be read"),
        Code("R104", "a quote is not closed on its line"),
        Code("R105", "a tab in the indentation"),
        Code("R106", "an anchor or alias"),
        Code("R107", "a tag"),
        Code("R108", "a merge key"),
        Code("R109", "more than one document, or a directive"),
        Code("R110", "the same key twice"),
        Code("R111", "nested too deep"),
        Code("R112", "a key that is not a plain word"),
        # Words and values.
        Code("R201", "an unknown key"),
        Code("R202", "something required is missing"),
        Code("R203", "an unknown field"),
        Code("R204", "the wrong kind of value"),
        Code("R205", "a wrong or missing unit"),
        Code("R206", "a comparison that does not fit the field"),
        Code("R207", "an unknown list"),
        Code("R208", "a word that other YAML tools read as something else"),
        Code("R209", "the same id twice"),
        Code("R210", "an unknown campaign"),
        Code("R211", "an unknown time zone"),
        Code("R212", "not a date or time"),
        Code("R213", "not an amount of money"),
        Code("R214", "not one of the known words"),
        Code("R215", "a number out of range"),
        Code("R216", "not an id"),
        Code("R217", "an unknown placeholder"),
        Code("R218", "the same setting twice"),
        Code("R219", "not exactly one way to make the price"),
        Code("R220", "an unknown rule"),
        # Sense.
        Code("R301", "a range that nothing can be in"),
        Code("R302", "conditions that contradict each other"),
        Code("R303", "a rule that another one always beats", "warning"),
        Code("R304", "a window that never opens"),
        Code("R305", "a rule that has ended", "warning"),
        Code("R306", "a discount below the floor"),
        Code("R307", "a budget smaller than one offer"),
        Code("R308", "no amount or price for a territory"),
        Code("R309", "stacking that only one side allows"),
        Code("R310", "a message that tells what the shopper never showed us"),
        Code("R311", "a protected attribute decides about a price"),
        Code("R312", "a trial without rails"),
        Code("R313", "a looser suppression than the active policy"),
        Code("R314", "a rule that may lose money on purpose", "warning"),
        Code("R315", "something nobody uses", "warning"),
        Code("R316", "an even pace without a period", "warning"),
        Code("R317", "a share of an order without a bound"),
        Code("R318", "something that only a price of an item can have"),
    )
}
