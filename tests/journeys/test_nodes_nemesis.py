"""Four nodes while nodes, database, network and clocks fail: nothing that was answered turns out wrong.

`TACTFUL_NEMESIS_S` sets for how many seconds faults happen; `make test-nodes` takes a minute, and
`make bench-nodes` ten.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from support import node_histories
from support.nemesis import play, play_quietly
from support.node_histories import (
    BUDGETED,
    MOST_PROMISED,
    NEVER,
    READ,
    SHELVED,
    Act,
    Stored,
    acts_of,
    violations,
)
from support.node_tries import UNIT
from support.postgres_cluster import DURABLE, Cluster, running_cluster

SECONDS = int(os.environ.get("TACTFUL_NEMESIS_S", "20"))
CONTROL_ACTS = 2_500
"""Acts after which the lack of a guard shows."""
SETTLED = 5
"""Lost commits of each outcome that a run must have met, or it has shown nothing."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that may be killed."""
    with running_cluster(*DURABLE) as made:
        yield made


@pytest.mark.thorough
async def test_no_answer_of_a_node_is_wrong_whatever_fails(
    tmp_path: Path, cluster: Cluster
) -> None:
    found = await play(tmp_path, cluster, seconds=SECONDS, enough=SETTLED)
    print(found)
    assert found.wrong == []
    assert min(found.settled_in, found.settled_out) >= SETTLED
    assert found.answers["promise: yes"] > 0


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("settle", "wrong_promises"),
        ("limit", "overspent"),
        ("sums", "wrong_sums"),
        ("redeem", "doubled"),
        ("epoch", "torn_sessions"),
        ("reads", "stale"),
        ("log", "torn_log"),
    ],
)
async def test_nodes_without_one_of_their_guards_are_found_out(
    tmp_path: Path, cluster: Cluster, fault: str, check: str
) -> None:
    found = await play_quietly(tmp_path, cluster, CONTROL_ACTS, fault)
    assert any(one.startswith(f"{check}:") for one in found.wrong)


# the checks themselves, on histories that were made up

LEDGER = Stored(
    standing=frozenset({"RUN-43_1", "RUN-45_1"}),
    steps=(
        ("of_1", "of", "pushed"), ("RUN-43_1", BUDGETED, "pushed"), ("RUN-44_1", SHELVED, "pushed"),
        ("RUN-44_1", SHELVED, "expired"), ("RUN-45_1", READ, "pushed"), ("of_1", "of", "redeemed"),
    ),
    reserved=UNIT,
    promised=0,
    facts={"f_1": 5},
    positions=(4, 5, 6),
    differences=(),
)  # fmt: skip


def act(what: str, about: str, said: object, more: object = None, at: int = 0) -> Act:
    return Act(f"a.1.{what}{at}", what, about, at, NEVER if said is None else at + 1, said, more)


HISTORY = (
    act("promise", "RUN-43_1", "yes"), act("promise", "RUN-43_2", "error"),
    act("promise", "RUN-43_3", None), act("promise", "RUN-44_1", "yes"),
    act("leave", "RUN-44_1", "yes"), act("redeem", "of_1", 200, "o1"), act("redeem", "of_1", 409, "o2"),
    act("claim", "se_1", 2), act("write", "se_1", "yes", 2, at=2), act("claim", "se_1", 3, at=4),
    act("write", "se_1", "session.moved", 2, at=6), act("fact", "f_1", "yes"),
    act("promise", "RUN-45_1", "yes", 5, at=3), act("promise", "RUN-45_2", "facts.newer", 3, at=3),
)  # fmt: skip


def test_a_history_without_a_violation_is_accepted() -> None:
    assert violations(HISTORY, LEDGER) == []


@pytest.mark.parametrize(
    ("more", "changed", "check"),
    [
        (act("promise", "RUN-43_9", "yes"), {}, "wrong_promises"),
        (act("leave", "RUN-43_1", "yes"), {}, "wrong_promises"),
        (None, {"standing": frozenset()}, "wrong_promises"),
        (
            None,
            {"steps": LEDGER.steps + (("x", BUDGETED, "pushed"),) * MOST_PROMISED},
            "overspent",
        ),
        (None, {"reserved": 0}, "wrong_sums"),
        (None, {"promised": 1}, "wrong_sums"),
        (None, {"differences": ("spring: 1",)}, "wrong_sums"),
        (act("redeem", "of_1", 200, "o3"), {}, "doubled"),
        (None, {"steps": (*LEDGER.steps, ("of_1", "of", "redeemed"))}, "doubled"),
        (act("redeem", "of_2", 409, "o3"), {}, "doubled"),
        (act("claim", "se_1", 3, at=8), {}, "torn_sessions"),
        (act("write", "se_1", "yes", 2, at=8), {}, "torn_sessions"),
        (act("promise", "RUN-45_1", "yes", 4, at=8), {}, "stale"),
        (act("fact", "f_9", "yes"), {}, "stale"),
        (act("gap", "8", None), {}, "torn_log"),
        (None, {"positions": (4, 6)}, "torn_log"),
    ],
)
def test_each_violation_is_found(more: Act | None, changed: dict[str, object], check: str) -> None:
    found = violations([*HISTORY, *([more] if more else [])], structs.replace(LEDGER, **changed))
    assert {one.partition(":")[0] for one in found} >= {check}


def test_an_act_without_an_answer_may_have_happened_or_not() -> None:
    lines = [
        {"id": "1", "at": 1, "what": "promise", "about": "x", "more": None},
        {"id": "2", "at": 2, "what": "promise", "about": "y", "more": 7},
        {"id": "1", "at": 3, "said": "yes"},
    ]
    first, second = acts_of(lines)
    assert (first.ended, first.said) == (3, "yes")
    assert (second.ended, second.said, second.more) == (NEVER, None, 7)
    assert len(node_histories.CHECKS) == 7
