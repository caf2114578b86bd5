"""The problem codes with which each endpoint can answer, for the OpenAPI document.

Codes that depend on a property of an endpoint, such as its body, are given to every endpoint with that
property, so that a new endpoint has them without an entry here.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from tactful.api.redemption_responses import REDEMPTION_ERRORS
from tactful.core.redemption.error_codes import RedemptionErrorCode

Problems = Mapping[int, tuple[str, ...]]
"""HTTP status → the problem codes that it is sent with."""

EVERY_ENDPOINT: Final[Problems] = {
    400: ("head.malformed", "host.count", "host.malformed", "body.cut_off"),
    408: ("head.slow", "body.slow"),
    421: ("host.unknown",),
    429: ("address.hurried", "address.full"),
    431: ("head.too_large",),
    500: ("server.error",),
    503: (
        "ledger.unavailable",
        "keys.unusable",
        "server.full",
        "server.leaving",
        "server.not_started",
    ),
}
"""Of the listener, and of failures of the server itself."""
WITH_PATH: Final[Problems] = {404: ("http.not_found",)}
"""Of endpoints with a name in their path: an empty one, or one with a line break, is no such path."""
WITH_KEY: Final[Problems] = {401: ("key.unset", "key.wrong"), 403: ("key.scope",)}
"""Of endpoints that require the server key."""
WITH_BODY: Final[Problems] = {
    400: ("body.malformed",),
    413: ("body.too_large",),
    415: ("body.encoding",),
    422: ("body.invalid",),
}
"""Of endpoints whose body has a shape in `REQUESTS`."""
WITH_OPERATOR: Final[Problems] = {422: ("operator.reserved",)}
"""Of endpoints that take the name of an operator."""


def _redemption(*codes: RedemptionErrorCode) -> Problems:
    """Return redemption codes by their statuses, with the answer to an unknown outcome."""
    found: dict[int, tuple[str, ...]] = {503: ("ledger.unknown",)}
    for code in codes:
        status, _ = REDEMPTION_ERRORS[code]
        found[status] = (*found.get(status, ()), code)
    return found


_SESSION: Final[Problems] = {403: ("origin.refused",)}
_ALERT: Final[Problems] = {404: ("alert.unknown",), 409: ("alert.cause_present",)}
_INBOUND: Final[Problems] = {
    401: ("signature.wrong",),
    404: ("connector.unknown",),
    413: ("body.too_large",),
    415: ("body.encoding",),
    429: ("facts.busy",),
}
_REPORT: Final[Problems] = {
    400: ("query.instant",),
    422: ("report.time", "report.window", "report.format"),
}
ENDPOINT_PROBLEMS: Final[Mapping[tuple[str, str], Problems]] = {
    ("POST", "/v1/facts"): {
        400: ("body.malformed", "facts.not_a_list"),
        413: ("body.too_large",),
        415: ("body.encoding",),
        429: ("facts.busy",),
    },
    ("GET", "/v1/facts"): {400: ("query.missing",)},
    ("GET", "/v1/customers/{id}/export"): {404: ("customer.unknown",)},
    ("GET", "/v1/contacts/{hash}"): {400: ("contact.hash",)},
    ("DELETE", "/v1/contacts/{hash}"): {400: ("contact.hash",)},
    ("POST", "/v1/redemptions"): _redemption(
        "token.malformed",
        "token.key",
        "token.signature",
        "redemption.used",
        "redemption.mismatch",
        "redemption.cancelled",
        "redemption.sku",
        "redemption.territory",
        "redemption.quantity",
        "redemption.holder",
        "redemption.price",
        "redemption.minimum",
        "redemption.budget",
        "redemption.stacking",
        "redemption.sequence",
        "redemption.shipping",
        "redemption.nothing",
        "offer.unknown",
        "offer.unaccepted",
        "offer.ended",
        "offer.expired",
        "stock.out",
        "recall",
        "price.error",
        "fraud",
        "customer.asked",
    ),
    ("GET", "/v1/redemptions"): {400: ("query.one_of", "query.state", "query.after")},
    ("POST", "/v1/redemptions/{order}/confirm"): _redemption(
        "redemption.unknown", "redemption.cancelled", "redemption.lapsed"
    ),
    ("POST", "/v1/redemptions/{order}/cancel"): _redemption("redemption.unknown", "order.shipped"),
    ("POST", "/v1/redemptions/{order}/refund"): _redemption(
        "redemption.unknown",
        "refund.mismatch",
        "order.cancelled",
        "redemption.held",
        "redemption.lapsed",
        "refund.sku",
        "refund.quantity",
        "refund.amount",
    ),
    ("GET", "/v1/offers/{id}"): {400: ("query.recompute",), 404: ("offer.unknown",)},
    ("GET", "/v1/why"): {
        400: (
            "query.missing",
            "query.one_of",
            "query.instant",
            "query.duration",
            "query.recompute",
        ),
        404: ("shopper.unknown", "customer.unknown", "item.unknown"),
    },
    ("POST", "/v1/doctor"): {
        401: ("key.unset", "key.wrong", "doctor.pass"),
        403: ("key.scope", "origin.refused"),
    },
    ("GET", "/v1/decisions"): {400: ("query.one_of", "query.recompute")},
    ("GET", "/v1/acts"): {400: ("query.instant", "query.after")},
    ("GET", "/v1/shadow"): {400: ("query.instant", "query.duration")},
    ("GET", "/v1/report"): _REPORT,
    ("GET", "/v1/experiments/{id}/report"): _REPORT,
    ("GET", "/v1/prices/{sku}"): {400: ("query.missing",), 404: ("price.unknown",)},
    ("POST", "/v1/rulebook/reload"): {422: ("rulebook.refused",)},
    ("POST", "/v1/rulebook/rollback"): {
        404: ("rulebook.unknown",),
        409: ("rulebook.no_earlier",),
        422: ("rulebook.refused",),
    },
    ("POST", "/v1/rules/{id}/pause"): {404: ("rule.unknown",)},
    ("POST", "/v1/rules/{id}/resume"): {404: ("rule.unknown",)},
    ("POST", "/v1/cases/{id}/correct"): {
        404: ("case.unknown",),
        422: ("case.empty", "case.refused"),
    },
    ("POST", "/v1/codes/{pool}"): {422: ("codes.pool",)},
    ("DELETE", "/v1/codes/{pool}"): {404: ("codes.unknown",)},
    ("POST", "/v1/in/{connector}"): _INBOUND,
    ("POST", "/v1/in/{connector}/{secret}"): _INBOUND,
    ("POST", "/v1/connectors/{connector}/retry"): {404: ("connector.unknown",)},
    ("POST", "/v1/connectors/{connector}/reconcile"): {
        400: ("query.flag",),
        404: ("connector.unknown",),
        409: ("connector.unread",),
    },
    ("GET", "/v1/events"): {400: ("query.limit",), 410: ("events.cursor",)},
    ("GET", "/v1/alerts"): {422: ("alert.state",)},
    ("POST", "/v1/alerts/{id}/acknowledge"): _ALERT,
    ("POST", "/v1/alerts/{id}/resolve"): _ALERT,
    ("POST", "/v1/alerts/{id}/snooze"): {**_ALERT, 422: ("alert.duration",)},
    ("POST", "/v1/pair"): {403: ("pairing.refused",)},
    ("GET", "/widget/{name}"): {404: ("widget.unknown",)},
    ("GET", "/v1/session"): {
        **_SESSION,
        400: ("handshake.refused",),
        426: ("handshake.refused",),
    },
    ("GET", "/v1/session/stream"): _SESSION,
    ("POST", "/v1/session/stream/{stream}"): {
        **_SESSION,
        400: ("body.malformed",),
        404: ("stream.unknown",),
        413: ("body.too_large",),
    },
    ("POST", "/v1/test/clock"): {422: ("clock.one_of", "clock.instant")},
}
"""(method, path) → what only this endpoint answers."""


def joined(groups: Iterable[Problems]) -> dict[int, list[str]]:
    """Return the codes of all groups by status, in ascending order of the status."""
    found: dict[int, list[str]] = {}
    for group in groups:
        for status, codes in group.items():
            there = found.setdefault(status, [])
            there += [code for code in codes if code not in there]
    return dict(sorted(found.items()))
