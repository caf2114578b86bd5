"""Random histories of redemptions, and a model that knows from the answers alone what must be true.

A history is a list of calls on three offers of one campaign: redeem, hold, confirm, cancel, refund and sweep,
with retries, lost answers and crashes between them. Each offer has a discount code, and orders of the shop's
own checkout report the codes that they used. The model keeps who uses each offer and what the budget bears.
It reads no row of a ledger, so it does not share the mistakes of the code under test.
"""

import random  # noqa: TID251 - seeded
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace

import msgspec
from msgspec.structs import replace as replace_struct

from support.builders import line
from support.builders import order as order_fact
from support.ledger_rows import T0, accepted
from support.redemption_history_stores import CrashError, Store
from support.redemption_ledger import eur
from tactful.api.redemption_responses import encode_answer
from tactful.core.offers.offer import Offer
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption import code_use, confirmation, rollback
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import PresentedToken, RedemptionRequest
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionResult,
    RedemptionState,
    with_response,
)
from tactful.core.redemption.refunds import Refund, refund
from tactful.core.values.allocation import Deduction
from tactful.stores.relational.redemption_transaction import RedemptionLookup

MINUTE = 60_000
PROMISED = 30 * MINUTE
LINES = (RequestedLine(sku="RUN-42", qty=1), RequestedLine(sku="BOOT-42", qty=1))
SKUS_NOW = {
    "RUN-42": SkuNow(price=12_900, currency="EUR", available=9),
    "BOOT-42": SkuNow(price=12_900, currency="EUR", available=9),
}
SAVED = {"a": 1_935, "b": 1_935, "c": 700}
"""What each of the three offers saves, and reserves: two on an item, one on the order."""
RULES = tuple(SAVED)


@dataclass
class Use:
    """A use of an offer that got a 200, as the model knows it."""

    order: str
    attempt: int
    offers: tuple[str, ...]
    """All offers of its call."""
    id: str
    state: str
    """`held`, `redeemed`, `lapsed` or `cancelled`."""
    until: int = 0
    confirmed_at: int = 0
    place: int = 0
    """Its place in the order in which uses were made or confirmed."""
    saved: int = 0
    """What it saved, before any refund."""
    released: int = 0
    """What refunds gave back of the saving."""
    confirmation: bytes = b""


@dataclass
class Kept:
    """An offer as the model knows it."""

    hold: int
    """What it reserves while no order uses it; 0: it has expired."""
    promised: int
    expired: bool = False
    used_by: Use | None = None


@dataclass
class Model:
    """What must be true after the answers so far."""

    limit: int
    offers: dict[str, Kept]
    uses: dict[tuple[str, int, str], Use] = field(default_factory=dict)
    """(order, attempt, offer) → its use."""
    bytes_of: dict[tuple[tuple[str, ...], str, int], bytes] = field(default_factory=dict)
    """(offers, order, attempt) → the bytes of its first success."""
    ids: dict[str, str] = field(default_factory=dict)
    """Another id of an order → its first id."""
    refunds: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def first_id(self, order: str) -> str:
        return self.ids.get(order, order)

    def of_order(self, order: str, attempt: int | None = None) -> list[tuple[str, Use]]:
        """(offer, use) of an order, the oldest first."""
        return [
            (offer, use)
            for (first, number, offer), use in self.uses.items()
            if first == self.first_id(order) and attempt in {None, number}
        ]

    @property
    def balance(self) -> tuple[int, int]:
        """(reserved, settled) of the campaign."""
        reserved = settled = 0
        for offer in self.offers.values():
            use = offer.used_by
            if use is None:
                reserved += offer.hold
            elif use.state == "held":
                reserved += use.saved
            else:
                settled += use.saved - use.released
        return reserved, settled

    def free_without(self, name: str) -> int:
        """What the budget has free if one offer took nothing."""
        offer = self.offers[name]
        taken = self.offers | {name: replace(offer, hold=0, used_by=None)}
        return self.limit - sum(replace(self, offers=taken).balance)

    def release(self, name: str, now: int) -> None:
        """The right to an offer returns, or ends with its promise."""
        offer = self.offers[name]
        free = self.free_without(name)
        offer.used_by = None
        offer.expired = now >= T0 + PROMISED
        offer.hold = 0 if offer.expired else max(min(offer.promised, free), 0)

    def lapse(self, name: str, now: int) -> None:
        use = self.offers[name].used_by
        assert use is not None
        use.state = "lapsed"
        self.release(name, now)


class History:
    """One random history on a ledger; `play` fails with what is not as the model says."""

    def __init__(self, seed: int, store: Store, *, steps: int = 14) -> None:
        self.random = random.Random(seed)
        self.store = store
        self.steps = steps
        self.now = T0 + 1
        self.name = f"h{seed}"
        self.places = 0
        self.drawn_for: dict[str, str] = {}
        """Id of a redemption → the offer for whose token it was drawn."""
        self.offers = tuple(f"of_{self.name}_{rule}" for rule in SAVED)
        # The budget bears all three. Others may take what one of them left, or what is beyond them.
        self.codes = {f"CODE-{name}": name for name in self.offers}
        """Discount code → the offer that has it."""
        self.limit = sum(SAVED.values()) + self.random.choice([0, 0, 500, 5_000])
        self.model = Model(
            self.limit, {name: Kept(SAVED[name[-1]], SAVED[name[-1]]) for name in self.offers}
        )

    def play(self) -> None:
        """Play the history, and check the ledger after every step."""
        self.store.start(f"pool_{self.name}", [*self.codes])
        for name in self.offers:
            assert self.store.push(self._offer(name), self.limit) is None
        for _ in range(self.steps):
            if self.random.random() < 0.3:
                self.now += self.random.choice(
                    [1_000, MINUTE, 5 * MINUTE, 12 * MINUTE, 25 * MINUTE]
                )
            step = self.random.choices(
                [
                    self._redeem, self._confirm, self._cancel, self._refund, self._sweep,
                    self._report_code, self._give_code_again, self._push_another,
                ],
                [6, 3, 3, 2, 2, 2, 0.3, 1],
            )[0]  # fmt: skip
            step()
            assert self.store.balance(self.name) == self.model.balance, (self.name, step)
            self._check_codes()

    # calls

    def _redeem(self) -> None:
        count = self.random.choice([1, 1, 1, 2, 3])
        names = tuple(sorted(self.random.sample(self.offers, count)))
        order, attempt = self._order(), self.random.choice([1, 1, 2, 3])
        hold = self.random.choice([None, 30_000, 2 * MINUTE, 40 * MINUTE])
        tokens = [self._token(name) for name in names]
        self.random.shuffle(tokens)
        asked = RedemptionRequest(
            tokens=tuple(tokens), order=order, territory="DE", lines=LINES, attempt=attempt,
            hold=hold, is_joint=count > 1 or self.random.random() < 0.2,
        )  # fmt: skip
        now = self.now
        status, body = self._call(
            lambda state: redemption.redeem(state, asked, now, SKUS_NOW), order, names
        )
        key = names, self.model.first_id(order), attempt
        known = [use for offer in names if (use := self.model.uses.get((key[1], attempt, offer)))]
        if known:
            self._check_same_key(key, known, status, body)
        elif status == 200:
            self._check_new_use(key, hold, body)
        else:
            self._check_refused_use(names, _code(body))

    def _check_same_key(
        self, key: tuple[tuple[str, ...], str, int], known: list[Use], status: int, body: bytes
    ) -> None:
        """Every retry gets the first bytes, until the attempt gave the offers back."""
        if any(use.offers != key[0] for use in known):
            assert (status, _code(body)) == (409, "redemption.mismatch"), body
        elif known[0].state == "cancelled":
            assert (status, _code(body)) == (409, "redemption.cancelled"), body
        else:
            assert (status, body) == (200, self.model.bytes_of[key])

    def _check_new_use(
        self, key: tuple[tuple[str, ...], str, int], hold: int | None, body: bytes
    ) -> None:
        """Only a right that nobody uses is granted, and only within the budget."""
        names, order, attempt = key
        before = sum(self.model.balance)
        self.model.bytes_of[key] = body
        answer = msgspec.json.decode(body)
        state = "redeemed" if hold is None else "held"
        assert answer["state"] == state
        assert answer["saved"]["amount"] == sum(SAVED[name[-1]] for name in names)
        made = {row["redemption"] for row in answer.get("redemptions", [answer])}
        use = Use(order, attempt, names, "", state, self.now + (hold or 0))
        for name in names:
            offer = self.model.offers[name]
            if offer.used_by and offer.used_by.state == "held" and offer.used_by.until <= self.now:
                self.model.lapse(name, self.now)
            assert offer.used_by is None, f"{name} is used twice"
            assert self.now < T0 + PROMISED
            assert not offer.expired
            # Each offer of a call is a use of its own, which may be given back alone by a refund.
            (ident,) = (one for one in made if self.drawn_for[one] == name)
            offer.used_by = self.model.uses[order, attempt, name] = replace(
                use, id=ident, place=self._next_place(), saved=SAVED[name[-1]]
            )
            offer.hold = 0
        self._check_limit(before)

    def _check_limit(self, before: int) -> None:
        """No call takes more than the limit leaves; only codes went beyond it."""
        assert sum(self.model.balance) <= max(self.limit, before)

    def _check_refused_use(self, names: Collection[str], code: str) -> None:
        offers = [self.model.offers[name] for name in names]
        if code == "redemption.used":
            assert any(one.used_by is not None for one in offers)
        elif code == "redemption.budget":
            assert any(one.hold < one.promised for one in offers)
        else:
            assert code in {"offer.expired", "redemption.sequence"}, code

    def _confirm(self) -> None:
        order = self._order()
        attempt = self.random.choice([None, None, 1, 2])
        alias = f"{order}-2" if self.random.random() < 0.3 else None
        now = self.now
        status, body = self._call(
            lambda state: confirmation.confirm(state, now, attempt=attempt, alias=alias), order
        )
        found = self.model.of_order(order, attempt)
        held = [use for _, use in found if use.state == "held"]
        newest = max((use for _, use in found), key=lambda use: use.place, default=None)
        attempts = {use.attempt for use in held} or {newest.attempt if newest else 0}
        latest = [(name, use) for name, use in found if use.attempt in attempts]
        judged = max((use.confirmed_at for _, use in latest), default=0)
        asked = [
            (name, use) for name, use in latest
            if use.state == "held" or (use.state == "lapsed" and use.until > judged)
        ]  # fmt: skip
        if not found:
            assert (status, _code(body)) == (404, "redemption.unknown")
        elif asked:
            self._check_confirmation(asked, status, body, is_held=bool(held))
        elif any(use.state == "redeemed" for _, use in latest):
            assert status == 200
            told = [use.confirmation for _, use in latest if use.confirmation]
            assert not told or body in told
        elif any(use.state == "lapsed" for _, use in latest):
            assert (status, _code(body)) == (409, "redemption.lapsed")
        else:
            assert (status, _code(body)) == (409, "redemption.cancelled")
        if status == 200 and alias:
            self.model.ids[alias] = self.model.first_id(order)

    def _check_confirmation(
        self, asked: list[tuple[str, Use]], status: int, body: bytes, *, is_held: bool
    ) -> None:
        """What is held is confirmed. What has lapsed is, if its call is whole and the budget bears it."""
        if status != 200:
            assert _code(body) == "redemption.lapsed"
            lost = [name for name, use in asked if use.state == "lapsed"]
            used = any(self.model.offers[name].used_by is not None for name in lost)
            more = sum(SAVED[name[-1]] - self.model.offers[name].hold for name in lost)
            assert used or sum(self.model.balance) + more > self.limit
            return
        answer = msgspec.json.decode(body)
        told = [row["redemption"] for row in answer.get("redemptions", [answer])]
        confirmed = [(name, use) for name, use in asked if use.id in told]
        assert len(confirmed) == len(told)
        # A call is confirmed as a whole, and all that is held is.
        calls = {(use.attempt, use.offers) for _, use in confirmed}
        for name, use in asked:
            assert ((name, use) in confirmed) is ((use.attempt, use.offers) in calls)
            assert use.state != "held" or (name, use) in confirmed
            assert is_held or (name, use) in confirmed
        for name, use in confirmed:
            assert use.state == "held" or self.model.offers[name].used_by is None
        before = sum(self.model.balance)
        self._confirmed(confirmed, body)
        self._check_limit(before)

    def _confirmed(self, found: list[tuple[str, Use]], body: bytes) -> None:
        for name, use in found:
            use.state, use.confirmation, use.released = "redeemed", body, 0
            use.confirmed_at, use.place = self.now, self._next_place()
            self.model.offers[name].used_by = use

    def _cancel(self) -> None:
        order, now = self._order(), self.now
        attempt = self.random.choice([None, None, 1, 2])
        status, body = self._call(
            lambda state: rollback.cancel(state, now, shipped=False, attempt=attempt), order
        )
        found = self.model.of_order(order, attempt)
        if not found:
            assert (status, _code(body)) == (404, "redemption.unknown")
            return
        assert status == 200
        assert len(msgspec.json.decode(body)["cancelled"]) == len(found)
        for name, use in found:
            if use.state in {"held", "redeemed"}:
                self.model.release(name, now)
            use.state = "cancelled"

    def _refund(self) -> None:
        order, now = self._order(), self.now
        live = [
            (name, use) for name, use in self.model.of_order(order)
            if use.state in {"held", "redeemed"}
        ]  # fmt: skip
        ident = f"f{self.random.randrange(4)}"
        known = self.model.refunds.get((self.model.first_id(order), ident))
        if known is None and [use.state for _, use in live] != ["redeemed"]:
            # The model cannot say how a refund is shared among several offers.
            return
        asked = Refund(id=ident, order=order, amount=eur(4_000))
        status, body = self._call(lambda state: refund(state, asked, now), order, ident=ident)
        assert status == 200
        if known is not None:
            assert body == known
            return
        self.model.refunds[self.model.first_id(order), ident] = body
        released = msgspec.json.decode(body)["released"]["amount"]
        ((_, use),) = live
        use.released += released
        assert 0 <= use.released <= use.saved

    def _report_code(self) -> None:
        """An order of the shop's own checkout was paid, and used the code of an offer."""
        code, name = self.random.choice([*self.codes.items()])
        order, now, paid = (
            self._order(),
            self.now,
            self.random.choice([9_000, 10_965, 12_500, 13_900]),
        )
        sku = self.random.choice([self._offer(name).sku, self._offer(name).sku, "SOCK-1"])
        fact = replace_struct(order_fact(order), lines=(line(sku, 1, paid),), codes=(code,))
        ident = self._draw(name)
        status, body = self._call(
            lambda state: code_use.record_code_use(
                state, offer=name, order=fact, redemption=ident, now=now
            ),
            order, (name,), is_request=False,
        )  # fmt: skip
        offer, first = self.model.offers[name], self.model.first_id(order)
        if offer.used_by or any(of == name for of, _ in self.model.of_order(order)):
            # An order that used the offer before gave it back, or has it: its late report is no news.
            assert (status, _code(body)) == (409, "redemption.used"), body
            return
        # The checkout has charged the price, so neither the end of the promise nor the budget matters.
        assert status == 200, body
        saved = SAVED["c"] if name[-1] == "c" else _saved_by(12_900 - paid, sold=sku != "SOCK-1")
        answer = msgspec.json.decode(body)
        assert (answer["redemption"], answer["saved"]["amount"]) == (ident, saved)
        offer.hold = 0
        offer.used_by = self.model.uses[first, 1, name] = Use(
            order=first, attempt=1, offers=(name,), id=ident, state="redeemed", saved=saved,
            place=self._next_place(),
        )  # fmt: skip
        # A call with the token of this offer for the same order is answered with this use.
        self.model.bytes_of[(name,), first, 1] = body

    def _give_code_again(self) -> None:
        """Another offer is pushed with a code that a shopper knows."""
        code = self.random.choice([*self.codes])
        other = replace_struct(self._offer(self.offers[0]), id=f"of_{self.name}_d", code=code)
        refused = self.store.push(other, self.limit)
        assert refused is not None
        assert refused.reason == "codes.taken"

    def _push_another(self) -> None:
        """Another shopper gets an offer of the campaign, if the budget bears it."""
        name, hold = (
            f"of_{self.name}_{len(self.model.offers)}",
            self.random.choice([300, 700, 1_935]),
        )
        before = sum(self.model.balance)
        made = accepted(name, session=f"se_{name}", rule="d", campaign=self.name, hold=hold)
        refused = self.store.push(made, self.limit)
        assert (refused is None) is (before + hold <= self.limit)
        if refused is None:
            self.model.offers[name] = Kept(hold, hold)

    def _check_codes(self) -> None:
        """Every code names its offer, and is used for as long as an order has the offer for good."""
        found = {one.code: (one.offer, one.state) for one in self.store.codes(self.codes)}
        for code, name in self.codes.items():
            use = self.model.offers[name].used_by
            state = "used" if use and use.state == "redeemed" else "handed_out"
            assert found[code] == (name, state), (self.name, found)

    def _next_place(self) -> int:
        self.places += 1
        return self.places

    def _sweep(self) -> None:
        due = [
            (name, use)
            for name, offer in self.model.offers.items()
            if (use := offer.used_by) and use.state == "held" and use.until <= self.now
        ]
        now = self.now
        for order in dict.fromkeys(use.order for _, use in due):
            self._call(lambda state: rollback.lapse(state, now), order, is_request=False)
        for name, _ in due:
            self.model.lapse(name, now)

    # the ledger

    def _call(
        self,
        decide: Callable[[RedemptionState], RedemptionResult],
        order: str,
        offers: Collection[str] = (),
        ident: str | None = None,
        *,
        is_request: bool = True,
    ) -> tuple[int, bytes]:
        """Make a call, at times after a crash, and at times again because its answer was lost."""
        lookup = RedemptionLookup(order, (*offers,), refund=ident)

        def logic(state: RedemptionState) -> RedemptionOutcome:
            return with_response(decide(state), encode_answer)

        fault = self.random.random()
        if fault < 0.1:
            with suppress(CrashError):
                self.store.run(logic, lookup, crash=True)
        outcome = self.store.run(logic, lookup, crash=False)
        if fault > 0.8 and outcome.status == 200:
            again = self.store.run(logic, lookup, crash=False)
            alike = (again.status, again.body) == (200, outcome.body)
            assert alike or not is_request, "a retry is answered otherwise"
            assert not again.has_effect
        return outcome.status, outcome.body

    def _order(self) -> str:
        order = f"{self.name}-{self.random.choice('xyz')}"
        other = f"{order}-2"
        return other if other in self.model.ids and self.random.random() < 0.5 else order

    def _offer(self, name: str) -> Offer:
        sku = {"a": "RUN-42", "b": "BOOT-42", "c": "RUN-42"}[name[-1]]
        deduction = Deduction("order", SAVED["c"]) if name[-1] == "c" else None
        return accepted(
            name, session=f"se_{name}", rule=name[-1], stacks_with=RULES, campaign=self.name,
            sku=sku, deduction=deduction, hold=SAVED[name[-1]], accept_until=T0 + PROMISED,
            pool=f"pool_{self.name}", code=f"CODE-{name}",
        )  # fmt: skip

    def _draw(self, name: str) -> str:
        ident = f"rd_{self.name}_{len(self.drawn_for)}"
        self.drawn_for[ident] = name
        return ident

    def _token(self, name: str) -> PresentedToken:
        offer, ident = self._offer(name), self._draw(name)
        claims = TokenClaims(
            currency="EUR", exp=(T0 + PROMISED) // 1000, holder="h" * 22, iat=T0 // 1000,
            max_qty=1, offer=name, rulebook="rb", sku=offer.sku, territory="DE", unit=offer.unit,
        )  # fmt: skip
        return PresentedToken(id=ident, digest=b"t", claims=claims)


def _saved_by(below_list: int, *, sold: bool) -> int:
    """What an item saved: at most what its offer promised, and nothing if the order lacks it."""
    return min(max(below_list, 0), SAVED["a"]) if sold else 0


def _code(body: bytes) -> str:
    answer = msgspec.json.decode(body)
    assert isinstance(answer, dict)
    return str(answer.get("code"))
