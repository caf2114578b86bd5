"""What nodes did and were answered while much went wrong, and what is wrong with that.

Each check returns sentences, one for each violation. What has no answer may have happened or not.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct

from support.node_tries import UNIT

MOST_PROMISED = 40
"""Offers for which the budget and the shelf of a history suffice."""
BUDGETED, SHELVED, READ = "RUN-43", "RUN-44", "RUN-45"
"""SKUs that are promised from a budget, from a shelf, and on facts."""
NEVER = 1 << 62


class Act(Struct, frozen=True):
    """One thing that a node did."""

    id: str
    what: str
    """`promise`, `leave`, `redeem`, `claim`, `write`, `fact`, or `gap` in the change log."""
    about: str
    """The offer, the session or the fact."""
    began: int
    """By the clock of the machine that is never set, in ns."""
    ended: int
    """`NEVER`: there was no answer."""
    said: Any
    """The answer; None: none. `error` if the ledger raised one."""
    more: Any = None
    """The order, the epoch, or the position that was read."""


class Stored(Struct, frozen=True):
    """What the ledger holds at the end."""

    standing: frozenset[str]
    """Offers that stand."""
    steps: tuple[tuple[str, str, str], ...]
    """(offer, SKU, state) of each step, in the order of storing."""
    reserved: int
    """What the budget of promises has reserved, in cents."""
    promised: int
    """Units that are promised on the shelf."""
    facts: Mapping[str, int]
    """Fact → its position."""
    positions: Sequence[int]
    """The positions of the change log."""
    differences: Sequence[str]
    """What `reconcile` has found."""


def acts_of(lines: Iterable[Mapping[str, Any]]) -> list[Act]:
    """The acts of the lines that nodes wrote, of which an end may be missing."""
    begun: dict[str, Mapping[str, Any]] = {}
    ended: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        (begun if "what" in line else ended)[line["id"]] = line
    return [
        Act(
            key, line["what"], line["about"], line["at"],
            ended[key]["at"] if key in ended else NEVER,
            ended[key]["said"] if key in ended else None, line.get("more"),
        )
        for key, line in begun.items()
    ]  # fmt: skip


def wrong_promises(acts: Sequence[Act], stored: Stored) -> list[str]:
    """A promise is stored exactly if it was acknowledged, and stands unless it was taken back."""
    pushed = {offer for offer, _, state in stored.steps if state == "pushed"}
    left: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        if act.what == "leave":
            left[act.about].append(act)
    found = []
    for act in acts:
        if act.what != "promise" or act.ended == NEVER:
            continue
        offer, was_made = act.about, act.said == "yes"
        if was_made != (offer in pushed):
            found.append(f"{offer} was answered {act.said}, and is stored: {offer in pushed}")
        answers = {one.said for one in left[offer]}
        if was_made and "yes" in answers and offer in stored.standing:
            found.append(f"{offer} was taken back, and stands")
        if was_made and not answers - {"error"} and offer not in stored.standing:
            found.append(f"{offer} was promised, and does not stand")
    return found


def overspent(acts: Sequence[Act], stored: Stored) -> list[str]:
    """Never do more offers stand than the budget and the shelf suffice for."""
    found: list[str] = []
    standing: Counter[str] = Counter()
    for offer, sku, state in stored.steps:
        if sku not in {BUDGETED, SHELVED}:
            continue
        standing[sku] += 1 if state == "pushed" else -1
        if standing[sku] > MOST_PROMISED:
            found.append(f"{offer} is one more than {MOST_PROMISED} of {sku}")
    return found


def wrong_sums(acts: Sequence[Act], stored: Stored) -> list[str]:
    """Balances and shelves are the sums of what stands."""
    found = [*stored.differences]
    standing: Counter[str] = Counter()
    for _, sku, state in stored.steps:
        standing[sku] += {"pushed": 1, "expired": -1}.get(state, 0)
    if stored.reserved != UNIT * standing[BUDGETED]:
        found.append(f"{stored.reserved} is reserved for {standing[BUDGETED]} offers")
    if stored.promised != standing[SHELVED]:
        found.append(f"{stored.promised} units are promised by {standing[SHELVED]} offers")
    return found


def doubled(acts: Sequence[Act], stored: Stored) -> list[str]:
    """One order wins an offer, and nobody is refused before the winner has asked."""
    found: list[str] = []
    of_offer: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        if act.what == "redeem":
            of_offer[act.about].append(act)
    redeemed = [offer for offer, _, state in stored.steps if state == "redeemed"]
    times = Counter(redeemed)
    found += [f"{offer} is redeemed twice" for offer, count in times.items() if count > 1]
    for offer, tries in of_offer.items():
        winners = {one.more for one in tries if one.said == 200}
        if len(winners) > 1:
            found.append(f"{offer} was won by {sorted(winners)}")
        if winners and offer not in redeemed:
            found.append(f"{offer} was won, and is not redeemed")
        asked = min((one.began for one in tries if one.said != 409), default=NEVER)
        found += [
            f"{offer} was refused before anybody could win it"
            for one in tries
            if one.said == 409 and one.ended < asked
        ]
    return found


def torn_sessions(acts: Sequence[Act], stored: Stored) -> list[str]:
    """Epochs are given out once and grow, and the owner before writes nothing more."""
    found = []
    for session in {act.about for act in acts if act.what == "claim"}:
        claims = sorted(
            (act for act in acts if act.about == session and isinstance(act.said, int)),
            key=lambda act: act.ended,
        )
        epochs = [act.said for act in claims]
        if len({*epochs}) < len(epochs):
            found.append(f"{session}: an epoch was given out twice")
        for act in acts:
            if act.about != session:
                continue
            before = max((one.said for one in claims if one.ended < act.began), default=0)
            if act.what == "write" and act.said == "yes" and act.more < before:
                found.append(f"{session} was written under {act.more} after {before} was claimed")
            if act.what == "claim" and isinstance(act.said, int) and act.said <= before:
                found.append(f"{session} was claimed as {act.said} after {before}")
    return found


def stale(acts: Sequence[Act], stored: Stored) -> list[str]:
    """No promise rests on facts that were acknowledged as replaced before it began."""
    known = sorted(
        (act.ended, stored.facts[act.about])
        for act in acts
        if act.what == "fact" and act.said == "yes" and act.about in stored.facts
    )
    found = [
        f"{act.about} was acknowledged, and is not stored"
        for act in acts
        if act.what == "fact" and act.said == "yes" and act.about not in stored.facts
    ]
    for act in acts:
        if act.what == "promise" and act.said == "yes" and act.more is not None:
            newest = max((position for at, position in known if at < act.began), default=0)
            if newest > act.more:
                found.append(f"{act.about} was read at {act.more}, although {newest} was known")
    return found


def torn_log(acts: Sequence[Act], stored: Stored) -> list[str]:
    """Positions have no gap, in the end and for each reader at any time."""
    found = [f"{act.id} read {act.about}" for act in acts if act.what == "gap"]
    found += [
        f"{after} follows {before}"
        for before, after in pairwise(stored.positions)
        if after != before + 1
    ]
    return found


Check = Callable[[Sequence[Act], Stored], list[str]]
CHECKS: tuple[Check, ...] = (
    wrong_promises, overspent, wrong_sums, doubled, torn_sessions, stale, torn_log,
)  # fmt: skip


def violations(acts: Sequence[Act], stored: Stored) -> list[str]:
    """What all checks find."""
    return [f"{check.__name__}: {one}" for check in CHECKS for one in check(acts, stored)]
