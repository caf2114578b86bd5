"""What each role may do on the console: one table, which every page and every form asks."""

from collections.abc import Mapping
from typing import Final, Literal

from tactful.console.code_words import code_words
from tactful.core.values.phrases import phrase
from tactful.runtime.security.operator_accounts import Role

Act = Literal[
    "see", "own_account", "customers", "end_offers", "objections", "vouchers", "cases", "alerts",
    "recalls", "margins", "rules", "stop_offers", "audit", "operators",
]  # fmt: skip
"""What a page shows or a form does."""

ACT_WORDS: Final[Mapping[Act, str]] = {
    "see": phrase("see the pages"),
    "own_account": phrase("change your account"),
    "customers": phrase("see customers and their cases"),
    "end_offers": phrase("end offers"),
    "objections": phrase("state or lift objections"),
    "vouchers": phrase("issue vouchers"),
    "cases": phrase("correct cases"),
    "alerts": phrase("acknowledge alerts"),
    "recalls": phrase("recall items"),
    "margins": phrase("see costs and margins"),
    "rules": phrase("change rules"),
    "stop_offers": phrase("stop all offers"),
    "audit": phrase("see what operators did"),
    "operators": phrase("manage operators"),
}
"""Act → its words after "may not"."""

_VIEWER: Final[frozenset[Act]] = frozenset({"see", "own_account"})
_AGENT: Final[frozenset[Act]] = _VIEWER | {
    "customers", "end_offers", "objections", "vouchers", "cases", "alerts",
}  # fmt: skip
_MERCHANDISER: Final[frozenset[Act]] = _AGENT | {
    "recalls",
    "margins",
    "rules",
    "stop_offers",
    "audit",
}
_OWNER: Final[frozenset[Act]] = _MERCHANDISER | {"operators"}

ACTS_OF: Final[Mapping[Role, frozenset[Act]]] = {
    "viewer": _VIEWER,
    "agent": _AGENT,
    "merchandiser": _MERCHANDISER,
    "owner": _OWNER,
}
"""Role → what it may do. Each role may do what the one before it may."""


def may(role: Role, act: Act) -> bool:
    """Return whether a role may do something."""
    return act in ACTS_OF[role]


def refusal(role: Role, act: Act) -> str:
    """Return the sentence that says that a role may not do something, and who may."""
    allowed = next(name for name, acts in ACTS_OF.items() if act in acts)
    return phrase(
        "Your role, {role}, may not {act}. The role {allowed} may: ask an owner for it, or somebody who "
        "has it.",
        role=code_words(role),
        act=ACT_WORDS[act],
        allowed=code_words(allowed),
    )
