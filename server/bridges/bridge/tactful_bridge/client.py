"""Client of Tactful's HTTP API that repeats a request until its outcome is known."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote, urlencode

from tactful_bridge.errors import OutcomeUnknownError, RefusedError
from tactful_bridge.transport import Response, Transport

PATIENCE_MS: Final = 8_000
"""Milliseconds after which a request with an unknown outcome is given up: a shopper is waiting."""
FIRST_PAUSE_MS: Final = 100
LONGEST_PAUSE_MS: Final = 2_000
_AGAIN: Final = frozenset({408, 425, 429})
"""Statuses below 500 that say nothing about the outcome."""
_MOST_FACTS: Final = 500
"""Facts in one request: far below the server's limit of bytes."""


def now_ms() -> int:
    """Return milliseconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000_000


def sleep_ms(pause: int) -> None:
    """Block this thread for some milliseconds."""
    time.sleep(pause / 1000)


class TactfulClient:
    """Redemptions and facts of one Tactful server; safe to share between threads."""

    def __init__(
        self,
        transport: Transport,
        *,
        patience: int = PATIENCE_MS,
        clock: Callable[[], int] = now_ms,
        sleep: Callable[[int], None] = sleep_ms,
    ) -> None:
        """Remember how requests are sent.

        Args:
            transport: Sends one request.
            patience: Milliseconds after which a request with an unknown outcome is given up.
            clock: Returns milliseconds since the Unix epoch, UTC.
            sleep: Waits for some milliseconds.
        """
        self._transport: Final = transport
        self._patience: Final = patience
        self._clock: Final = clock
        self._sleep: Final = sleep

    def redeem(self, body: Mapping[str, object]) -> dict[str, object]:
        """Redeem or hold offers for an order, and return the answer.

        Args:
            body: The body of `POST /v1/redemptions` (`server/HTTP.md`). A repetition must be the same.

        Raises:
            RefusedError: Tactful refused it; nothing was redeemed.
            OutcomeUnknownError: It may have been redeemed; repeat the same request.
        """
        return self.ask("POST", "/v1/redemptions", body)

    def redemptions(self, *, order: str = "", state: str = "") -> list[dict[str, object]]:
        """Return the redemptions of an order or in a state, as Tactful has them now.

        Raises:
            RefusedError: Tactful refused the question.
            OutcomeUnknownError: No answer came.
        """
        query = {"order": order} if order else {"state": state}
        found: list[dict[str, object]] = []
        while True:
            page = self.ask("GET", f"/v1/redemptions?{urlencode(query)}")
            rows = page.get("redemptions")
            found += [
                row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict)
            ]
            after = page.get("next")
            if not isinstance(after, str) or not after:
                return found
            query["after"] = after

    def report(
        self, facts: Sequence[Mapping[str, object]], *, patience: int | None = None
    ) -> list[dict[str, object]]:
        """Report facts, and return those that were rejected, each with `index`, `code` and `message`.

        Args:
            facts: Facts as `server/FACTS.md` describes them, in any number.
            patience: Milliseconds, as in `ask`.

        Raises:
            RefusedError: Tactful refused a request as a whole.
            OutcomeUnknownError: Some were perhaps not taken; report all of them again.
        """
        rejected: list[dict[str, object]] = []
        for start in range(0, len(facts), _MOST_FACTS):
            part = [*facts[start : start + _MOST_FACTS]]
            answer = self.ask("POST", "/v1/facts", part, patience=patience)
            rows = answer.get("rejected")
            rejected += [
                {**row, "index": start + int(row["index"])}
                for row in (rows if isinstance(rows, list) else ())
            ]
        return rejected

    def ask(
        self, method: str, path: str, body: object = None, *, patience: int | None = None
    ) -> dict[str, object]:
        """Repeat a request until its outcome is known or the patience is over.

        Args:
            method: The HTTP method.
            path: The path, with its query.
            body: The JSON body; `None`: the request has none.
            patience: Milliseconds, instead of the client's; 0: the request is sent once.

        Raises:
            RefusedError: The outcome is a refusal.
            OutcomeUnknownError: The outcome is still unknown.
        """
        end = self._clock() + (self._patience if patience is None else patience)
        pause = FIRST_PAUSE_MS
        while True:
            wait = pause
            try:
                answer = self._transport.send(method, path, body)
                if (known := _outcome(answer)) is not None:
                    return known
                failure = OutcomeUnknownError(f"{method} {path}: status {answer.status}.")
                wait = max(pause, 1000 * (answer.retry_after or 0))
            except OutcomeUnknownError as error:
                failure = error
            if self._clock() + wait >= end:
                raise failure
            self._sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_MS)


def path_of(order: str, step: str) -> str:
    """Return the path of a step of an order: `confirm`, `cancel` or `refund`."""
    return f"/v1/redemptions/{quote(order, safe='')}/{step}"


def _outcome(answer: Response) -> dict[str, object] | None:
    """Return the body of a success, raise RefusedError for a refusal, return `None` for anything else."""
    if answer.status >= 500 or answer.status in _AGAIN or 300 <= answer.status < 400:
        return None
    body = answer.json()
    found = body if isinstance(body, dict) else {}
    if answer.status >= 400:
        raise RefusedError(
            answer.status, str(found.get("code", "unclear")), str(found.get("detail", ""))
        )
    return found
