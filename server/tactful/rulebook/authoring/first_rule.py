"""The text of a shop's first rule file, made from a short form."""

import json
from typing import Final

from msgspec import Struct

from tactful.rulebook.authoring.scaffold import MESSAGES

TRIAL_SHARE: Final = 50
"""Percent of the shoppers who are shown the offers of the trial: equal groups learn fastest."""
HOLDOUT: Final = 10
"""Percent of the shoppers whom the proposed hold-out shows no offers."""
_RULE: Final = """\
rules:
  - id: {id}
    note: {note}
    mode: trial
    share: {share}%
    when:
      - item.stock: {{at_least: {stock}}}
      - session.dwell: {{at_least: {dwell}s}}
{category}    offer:
      percent: {percent}%
      floor: {{margin: {margin}%}}
      expires: 15m
      message: {message}
    campaign: {id}

campaigns:
  {id}: {{count: {count}, per: day}}
"""
_HOLDOUT: Final = """\
# One shopper in ten sees no offers, and `tactful report` compares them with the others.
policy:
  holdout: {share}%
"""


class FirstRule(Struct, frozen=True, kw_only=True):
    """What the form asks for."""

    id: str
    percent: int
    """Percent that come off the public price."""
    margin: int
    """The least percent of the net price that must remain as margin."""
    stock: int
    """The least units that must be in stock."""
    dwell: int
    """Seconds for which a shopper must have looked at the item."""
    count: int
    """The most offers of a day."""
    category: str
    """The category with everything below it; empty: every item."""


def first_rule(wanted: FirstRule, *, note: str, language: str) -> str:
    """Return the text of a rule file with one rule, which starts as a trial.

    Args:
        wanted: The rule; its id is valid.
        note: Why the rule exists, for colleagues.
        language: The shop's language as a BCP 47 tag.
    """
    category = ""
    if wanted.category:
        category = f"      - item.category: {{under: {_quoted(wanted.category)}}}\n"
    return _RULE.format(
        id=wanted.id,
        note=_quoted(note),
        share=TRIAL_SHARE,
        stock=wanted.stock,
        dwell=wanted.dwell,
        count=wanted.count,
        category=category,
        percent=wanted.percent,
        margin=wanted.margin,
        message=_quoted(MESSAGES.get(language.partition("-")[0].lower(), MESSAGES["en"])),
    )


def holdout_file() -> str:
    """Return the text of a rule file that holds shoppers out of all offers."""
    return _HOLDOUT.format(share=HOLDOUT)


def _quoted(text: str) -> str:
    """Return a text as a quoted scalar: a JSON string is one in YAML, if no sign of it breaks a line."""
    return json.dumps(text, ensure_ascii=not text.isprintable())
