"""The nodes of a database, as a command reads them."""

from contextlib import closing

import pytest

from tactful.stores.postgres.database_opening import take_over
from tactful.stores.postgres.membership_rows import clock_apart, read_nodes
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import NodeIdentity, Shared


def test_nodes_are_read_by_a_process_that_is_none_of_them(target: Target) -> None:
    assert read_nodes(target) == []
    identity = NodeIdentity("a", "here", "1.2.3", "10.0.0.1:8000")
    with closing(take_over(target, Shared(identity), lambda: None)):
        (running,) = read_nodes(target)
    assert (running.name, running.version, running.address) == ("a", "1.2.3", "10.0.0.1:8000")
    assert running.is_running
    assert not running.is_self
    assert running.seen_at >= running.joined_at
    (left,) = read_nodes(target)
    assert (left.is_running, left.seen_at) == (False, 0)


@pytest.mark.parametrize(
    ("before", "of_database", "after", "apart"),
    [
        (10_000, 10_200, 10_500, 0),
        (10_000, 10_000, 10_500, 0),
        (10_000, 10_500, 10_500, 0),
        (12_000, 10_000, 12_500, 2_000),
        (10_000, 12_500, 10_500, -2_000),
    ],
)
def test_clocks_differ_by_what_the_answer_cannot_have_taken(
    before: int, of_database: int, after: int, apart: int
) -> None:
    assert clock_apart(before, of_database, after) == apart
