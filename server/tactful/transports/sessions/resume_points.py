"""Where a client was when its connection broke: the highest `n` taken, for when it resumes."""

from bisect import bisect_left
from collections import OrderedDict

MAX_SESSIONS = (
    20_000  # as many as there are connections; older ones send again what changes nothing
)
MAX_TABS = 8  # connections of one session that broke lately


class ResumePoints:
    """Remembers, per session, up to where each of its broken connections was taken in."""

    def __init__(self, sessions: int = MAX_SESSIONS) -> None:
        self._room = sessions
        self._left: OrderedDict[bytes, tuple[int, ...]] = OrderedDict()

    def remember(self, session: bytes, taken: int) -> None:
        """A connection of the session is gone; the least recent are forgotten."""
        if not taken:
            return
        before = self._left.pop(session, ())
        self._left[session] = (*before, taken)[-MAX_TABS:]
        while len(self._left) > self._room:
            self._left.popitem(last=False)

    def highest_n(self, session: bytes, n: int) -> int:
        """What was taken from the client whose `hello` has the number `n`.

        A client numbers its hello above all it has sent, and tabs count for themselves: so it is
        the highest below `n`. 0 if there is none.
        """
        known = sorted(self._left.get(session, ()))
        place = bisect_left(known, n)
        return known[place - 1] if place else 0
