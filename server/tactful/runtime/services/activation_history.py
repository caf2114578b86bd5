"""The versions of a rulebook that rollbacks can reach, and those that they have undone."""

from collections.abc import Sequence


def activation_history(
    activations: Sequence[tuple[str, int, bool]],
) -> tuple[list[str], set[str]]:
    """Return the versions that a rollback can reach, and those that a rollback has undone.

    Args:
        activations: What the ledger has, newest first: version, instant of activation, and whether
            it was activated by a rollback.

    Returns:
        The versions in order, the active one last; and the versions undone since the last reload.
    """
    stack: list[str] = []
    undone: set[str] = set()
    for version, _, back in reversed(activations):
        if back:
            while stack and stack[-1] != version:
                undone.add(stack.pop())
        elif stack[-1:] != [version]:
            undone.clear()
        if stack[-1:] != [version]:
            stack.append(version)
    return stack, undone
