"""The highest `n` received on broken connections, for clients that resume their session."""

from bisect import bisect_left
from collections import OrderedDict

MAX_SESSIONS = 20_000
"""Maximum sessions that are remembered: as many as there can be connections.

Messages of older sessions may be handled twice, which is harmless.
"""
MAX_TABS = 8
"""Maximum broken connections that are remembered per session."""


class ResumePoints:
    """The highest `n` of each recently broken connection, by session."""

    def __init__(self, max_sessions: int = MAX_SESSIONS) -> None:
        self._max_sessions = max_sessions
        self._by_session: OrderedDict[bytes, tuple[int, ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_session)

    def remember(self, session: bytes, highest_n: int) -> None:
        """Store where a connection of the session ended; the least recent sessions are dropped.

        Args:
            session: The digest of the session's resume secret.
            highest_n: The highest `n` received; 0 if the client used no numbers.
        """
        if not highest_n:
            return
        earlier = self._by_session.pop(session, ())
        self._by_session[session] = (*earlier, highest_n)[-MAX_TABS:]
        while len(self._by_session) > self._max_sessions:
            self._by_session.popitem(last=False)

    def highest_n(self, session: bytes, hello_n: int) -> int:
        """Return the highest `n` received from the client whose `hello` has the number `hello_n`.

        The `hello` of a client has a higher number than all its earlier messages. Each tab has its
        own numbers. So the result is the highest stored number below `hello_n`, or 0.
        """
        known = sorted(self._by_session.get(session, ()))
        index = bisect_left(known, hello_n)
        return known[index - 1] if index else 0
