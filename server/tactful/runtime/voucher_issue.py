"""Vouchers that an operator issues, within the limits of the policy and once per form.

An issued voucher is the fact `remedy`, which an open session of the customer shows at once.
"""

import asyncio
import re
import secrets
from typing import Any, Final, Literal

import msgspec

from tactful.core.facts.customer_facts import Remedy, RemedyValue
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.rules.policy import VoucherLimits
from tactful.core.values.calendar import DAY, format_duration, format_rfc3339
from tactful.core.values.money import Money, format_plain
from tactful.core.values.phrases import counted_phrase, phrase
from tactful.rulebook.language.units import format_percent
from tactful.runtime.operators import state_fact
from tactful.runtime.shop import Shop

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nobody reads I, L, O or U wrong on the telephone."""
_CODE: Final = re.compile(f"V-[{_LETTERS}]{{10}}")
_AUDITED: Final = "voucher of "
"""Beginning of the audit log's detail of a voucher."""

IssueOutcome = Literal["issued", "repeated"]


class RefusedVoucherError(Exception):
    """The voucher is not issued; the message says why, and what to do."""


class VoucherRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that an operator wants to issue."""

    code: str
    """The id of the voucher, from `new_code`; the same code issues nothing twice."""
    customer: str
    value: RemedyValue
    cause: Literal["case", "order"]
    cause_id: str
    days: int
    """For how many days it is valid."""

    @property
    def worth(self) -> str:
        """The value in words, such as `10.00 EUR` or `15%`."""
        return value_words(self.value)


def new_code() -> str:
    """Return a new id of a voucher, which can be read out on the telephone."""
    return "V-" + "".join(secrets.choice(_LETTERS) for _ in range(10))


def value_words(value: RemedyValue) -> str:
    """Return a voucher's value in words, such as `10.00 EUR` or `15%`."""
    if value.percent_bp is not None:
        return format_percent(value.percent_bp)
    return format_plain(Money(value.amount or 0, value.currency or ""))


class VoucherIssuer:
    """Issues vouchers one at a time, so that limits hold and a double click issues one."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._turn = asyncio.Lock()

    async def issue(
        self, wanted: VoucherRequest, operator: str, limits: VoucherLimits | None
    ) -> IssueOutcome:
        """Issue a voucher, durably on return, and enter it into the audit log.

        Args:
            wanted: The voucher.
            operator: Name of the operator, for the audit log.
            limits: What the operator may issue; `None`: anything.

        Returns:
            `repeated` if the same voucher was issued before with this code.

        Raises:
            RefusedVoucherError: The voucher is above a limit, would never be seen, or is no valid fact.
            LedgerError: The voucher is not issued.
        """
        async with self._turn:
            return await self._issue(wanted, operator, limits)

    async def _issue(
        self, wanted: VoucherRequest, operator: str, limits: VoucherLimits | None
    ) -> IssueOutcome:
        if not _CODE.fullmatch(wanted.code):
            raise RefusedVoucherError("The form is out of date. Open the page again.")
        if await self._was_issued(wanted):
            return "repeated"
        if self._shop.state.active_rulebook.stop is not None:
            raise RefusedVoucherError(
                "All offers are stopped, so the customer would not see the voucher. Issue it when the "
                "stop has ended."
            )
        if not showing_rules(self._shop):
            raise RefusedVoucherError(
                "No active rule shows vouchers, so the customer would never see it. Let a rule with "
                "`remedy: true` run, and issue the voucher then."
            )
        if limits is not None:
            _require_within(wanted.value, limits)
            await self._require_count(wanted.customer, limits)
        cause = "an order" if wanted.cause == "order" else "a case"
        detail = f"{_AUDITED}{wanted.worth} for {cause}"
        report = await state_fact(
            self._shop, _fact(wanted, self._shop.clock.now()), operator, detail=detail
        )
        if report.rejected:
            raise RefusedVoucherError(
                phrase("The voucher was rejected: {why}", why=report.rejected[0].message)
            )
        return "issued"

    async def _was_issued(self, wanted: VoucherRequest) -> bool:
        for stored in await self._shop.ledger.fact_versions("remedy", wanted.code):
            known = decode_stored(stored.body)
            if not isinstance(known, Remedy):
                continue
            if (known.customer, known.value) == (wanted.customer, wanted.value):
                return True
            raise RefusedVoucherError(
                phrase(
                    "This form has issued the voucher {code} already. Open the page again to issue "
                    "another one.",
                    code=wanted.code,
                )
            )
        return False

    async def _require_count(self, customer: str, limits: VoucherLimits) -> None:
        """Refuse a further voucher of a customer who got enough of them from operators lately."""
        most = limits.per_customer
        since = self._shop.clock.now() - most.per
        issued = [
            one
            for one in await self._shop.ledger.operator_actions(customer=customer)
            if one.act == "fact.stated" and one.detail.startswith(_AUDITED) and one.at > since
        ]
        if len(issued) >= most.count:
            raise RefusedVoucherError(
                counted_phrase(
                    len(issued),
                    "This customer got {n} voucher within {time}, and the limit is {most}. Wait, or let "
                    "a system of the shop report it.",
                    "This customer got {n} vouchers within {time}, and the limit is {most}. Wait, or let "
                    "a system of the shop report it.",
                    time=format_duration(most.per),
                    most=most.count,
                )
            )


def showing_rules(shop: Shop) -> list[str]:
    """Return the ids of the rules that show vouchers and are not paused, sorted."""
    active = shop.state.active_rulebook.current
    if shop.state.active_rulebook.stop is not None:
        return []
    return sorted(
        rule.id
        for rule in active.rules.values()
        if rule.remedy and not rule.paused and rule.id not in active.paused
    )


def _require_within(value: RemedyValue, limits: VoucherLimits) -> None:
    """Refuse a value above the limit of its currency, or a share above the limit of shares."""
    if value.percent_bp is not None:
        most, is_above = format_percent(limits.percent_bp), value.percent_bp > limits.percent_bp
    else:
        largest = limits.money.get(value.currency or "", 0)
        most = format_plain(Money(largest, value.currency or ""))
        is_above = (value.amount or 0) > largest
    if is_above:
        raise RefusedVoucherError(
            phrase(
                "A voucher of {worth} is above your limit of {most}. Issue a smaller one, or let a "
                "system of the shop report this one.",
                worth=value_words(value),
                most=most,
            )
        )


def _fact(wanted: VoucherRequest, now: int) -> dict[str, Any]:
    """Return the fact `remedy` of a voucher."""
    return {
        "type": "remedy",
        "remedy": wanted.code,
        "customer": wanted.customer,
        "value": msgspec.to_builtins(wanted.value),
        "cause": {wanted.cause: wanted.cause_id},
        "expires_at": format_rfc3339(now + wanted.days * DAY),
    }
