"""A Tactful server in memory that redeems as `server/HTTP.md` says, with faults on request.

It is the counterpart of the bridges' property tests: small enough to be read, and independent of the
server's code.
"""

import json
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tactful_bridge.errors import OutcomeUnknownError
from tactful_bridge.transport import Response

FAULTS = ("lost_request", "lost_answer", "busy", "broken", "killed_before", "killed_after", "late")
"""What can happen to one request. `late`: its answer is lost, and it arrives after the next one."""


def instant(at: int) -> str:
    """Milliseconds since the epoch as RFC 3339, in whole seconds as the server writes them."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class KilledError(BaseException):
    """The platform's process ended at this point."""


@dataclass
class Redemption:
    """A use of offers by one attempt of an order."""

    tokens: tuple[str, ...]
    order: str
    attempt: int
    state: str
    until: int
    lines: str
    answer: dict[str, Any]
    at: int


class ModelServer:
    """A transport whose other end is the model."""

    def __init__(self, now: int = 1_773_144_000_000) -> None:
        self.now = now
        self.redemptions: list[Redemption] = []
        self.refunds: dict[tuple[str, str], Any] = {}
        self.facts: list[Any] = []
        self.faults: deque[str] = deque()
        self.sent: list[tuple[str, str, Any]] = []
        self.anonymous: set[str] = set()
        """Tokens of sessions that identified nobody."""
        self._late: list[tuple[str, str, Any]] = []

    def clock(self) -> int:
        return self.now

    def sleep(self, pause: int) -> None:
        self.now += pause

    def send(self, method: str, path: str, body: object = None) -> Response:
        """Answer a request, after the next fault has had its way."""
        self.sent.append((method, path, body))
        fault = self.faults.popleft() if self.faults else ""
        if fault == "killed_before":
            raise KilledError
        if fault == "lost_request":
            raise OutcomeUnknownError("lost request")
        if fault == "late":
            self._late.append((method, path, body))
            raise OutcomeUnknownError("late request")
        if fault in {"busy", "broken"}:
            return Response(429 if fault == "busy" else 500, b"{}")
        status, answer = self._answer(method, path, body)
        late, self._late = self._late, []
        for one in late:
            self._answer(*one)
        if fault == "killed_after":
            raise KilledError
        if fault == "lost_answer":
            raise OutcomeUnknownError("lost answer")
        return Response(status, json.dumps(answer).encode())

    def live(self) -> list[Redemption]:
        """Redemptions that count: held, or redeemed."""
        self._lapse()
        return [one for one in self.redemptions if one.state in {"held", "redeemed"}]

    def _lapse(self) -> None:
        for one in self.redemptions:
            if one.state == "held" and one.until <= self.now:
                one.state = "lapsed"

    def _answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        self._lapse()
        split = urlsplit(path)
        if split.path == "/v1/facts":
            self.facts += body
            return 200, {"accepted": len(body), "ignored": 0, "rejected": []}
        if method == "GET":
            wanted = {name: values[0] for name, values in parse_qs(split.query).items()}
            rows = [
                {
                    "order": one.order,
                    "attempt": one.attempt,
                    "state": one.state,
                    "at": instant(one.at),
                }
                for one in self.redemptions
                if all(getattr(one, name) == value for name, value in wanted.items())
            ]
            return 200, {"redemptions": rows}
        if split.path == "/v1/redemptions":
            return self._redeem(body)
        order, step = split.path.removeprefix("/v1/redemptions/").split("/")
        found = [one for one in self.redemptions if one.order == unquote(order)]
        if not found:
            return 404, {"code": "redemption.unknown"}
        match step:
            case "confirm":
                return self._confirm(found, body.get("attempt"))
            case "cancel":
                for one in found:
                    if one.attempt == body.get("attempt", one.attempt):
                        one.state = "cancelled"
                return 200, {}
            case _:
                return 200, self.refunds.setdefault((unquote(order), body["refund"]), body)

    def _redeem(self, body: Any) -> tuple[int, Any]:
        tokens = tuple(sorted(body["tokens"]))
        lines = json.dumps(body["lines"], sort_keys=True)
        if "customer" in body and self.anonymous & set(tokens):
            return 422, {"code": "redemption.holder"}
        for one in self.redemptions:
            if (one.order, one.attempt) == (body["order"], body["attempt"]):
                if (one.tokens, one.lines) != (tokens, lines):
                    return 409, {"code": "redemption.mismatch"}
                if one.state == "cancelled":
                    return 409, {"code": "redemption.cancelled"}
                return 200, one.answer
        if any(set(tokens) & set(one.tokens) for one in self.live()):
            return 409, {"code": "redemption.used"}
        until = self.now + 1000 * body["hold"]
        answer = {"state": "held", "until": instant(until), "redemptions": []}
        self.redemptions.append(
            Redemption(
                tokens, body["order"], body["attempt"], "held", until, lines, answer, self.now
            )
        )
        return 200, answer

    def _confirm(self, found: list[Redemption], attempt: int | None) -> tuple[int, Any]:
        live = [one for one in found if one.state in {"held", "redeemed"}]
        one = next((each for each in found if each.attempt == attempt), (live or found)[-1])
        if one.state == "cancelled":
            return 409, {"code": "redemption.cancelled"}
        others = [each for each in self.live() if each is not one]
        if any(set(one.tokens) & set(each.tokens) for each in others):
            return 409, {"code": "redemption.lapsed"}
        one.state = "redeemed"
        return 200, {"state": "redeemed"}
