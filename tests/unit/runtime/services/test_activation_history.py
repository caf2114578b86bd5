"""The versions that a rollback can reach, and those that it has undone."""

import pytest

from tactful.runtime.services.activation_history import activation_history


@pytest.mark.parametrize(
    ("activations", "stack", "undone"),
    [
        ([], [], set()),
        ([("a", 1, False), ("b", 2, False)], ["a", "b"], set()),
        ([("a", 1, False), ("a", 2, False)], ["a"], set()),
        ([("a", 1, False), ("b", 2, False), ("a", 3, True)], ["a"], {"b"}),
        ([("a", 1, False), ("b", 2, False), ("a", 3, True), ("c", 4, False)], ["a", "c"], set()),
        ([("a", 1, False), ("b", 2, False), ("c", 3, False), ("a", 4, True)], ["a"], {"b", "c"}),
    ],
)
def test_a_rollback_removes_the_versions_it_goes_back_from(
    activations: list[tuple[str, int, bool]], stack: list[str], undone: set[str]
) -> None:
    assert activation_history(activations[::-1]) == (stack, undone)
