"""Exclusions in the `[policy]` table: what no rule may offer."""

from collections.abc import Mapping
from typing import Final

from tactful.config.values import SettingType, ValueProblem
from tactful.core.rules.policy import ShopExclusion
from tactful.core.values.calendar import CalendarError, local_instant
from tactful.core.values.territories import nearest_territory

EXPECTED: Final = (
    '[{brands = ["Velo"], note = "The supplier binds the price.", owner = "footwear"}]'
)
NO_EXCLUSIONS: Final = "none"
_KEYS: Final = ("skus", "products", "categories", "brands", "segments", "territories")
_WINDOW: Final = {"from", "until", "timezone"}


def exclusions() -> SettingType:
    """Return the type of a list of exclusions, each a table with the keys of `exclude` in rule files."""
    return SettingType(f"a list of tables such as {EXPECTED}", _parse, _shown)


def _shown(value: tuple[ShopExclusion, ...]) -> str:
    return ", ".join(one.id or one.note for one in value) or NO_EXCLUSIONS


def _parse(value: object) -> tuple[ShopExclusion, ...]:
    if value == NO_EXCLUSIONS:
        return ()
    if not isinstance(value, list):
        raise ValueProblem(f"Write a list of tables, such as {EXPECTED}.")
    return tuple(_exclusion(one, f"exclusion {number}") for number, one in enumerate(value, 1))


def _exclusion(table: object, where: str) -> ShopExclusion:
    if not isinstance(table, Mapping):
        raise ValueProblem(f"{where} is not a table. Write it as {EXPECTED[1:-1]}.")
    unknown = sorted(set(table) - {*_KEYS, "id", "note", "owner", "valid"})
    if unknown:
        raise ValueProblem(f"{where} has no key {unknown[0]}. Its keys are {', '.join(_KEYS)}.")
    keys = {name: _values(table[name], f"{where}: {name}") for name in _KEYS if name in table}
    if not keys and "valid" not in table:
        raise ValueProblem(f"{where} excludes everything for ever. Name one of {', '.join(_KEYS)}.")
    for territory in keys.get("territories", ()):
        if nearest_territory(territory) != territory:
            raise ValueProblem(
                f"{where}: {territory} is no territory. Write one such as DE or US-NY."
            )
    starts, ends = _window(table.get("valid", {}), where)
    return ShopExclusion(
        note=_text(table, "note", where),
        owner=_text(table, "owner", where),
        keys=keys,
        id=str(table.get("id", "")),
        starts=starts,
        ends=ends,
    )


def _values(value: object, where: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if (
        not isinstance(values, list)
        or not values
        or not all(isinstance(v, str) and v for v in values)
    ):
        raise ValueProblem(f"{where} is not a list of texts.")
    return tuple(values)


def _text(table: Mapping[str, object], name: str, where: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueProblem(f"{where} has no {name}. Say why it exists, and the owner.")
    return value.strip()


def _window(value: object, where: str) -> tuple[int | None, int | None]:
    """Return the half-open window, in milliseconds since the Unix epoch, UTC; None: no bound."""
    if not isinstance(value, Mapping) or not set(value) <= _WINDOW:
        raise ValueProblem(f"{where}: valid is not a table of from, until and timezone.")
    zone = str(value.get("timezone", "UTC"))
    try:
        # TOML has dates of its own, beside those in quotes.
        starts, ends = (
            local_instant(str(value[name]), zone, end=name == "until") if name in value else None
            for name in ("from", "until")
        )
    except CalendarError as error:
        raise ValueProblem(f"{where}: valid: {error}.") from None
    if starts is not None and ends is not None and ends <= starts:
        raise ValueProblem(f"{where}: valid ends before it begins. Swap from and until.")
    return starts, ends
