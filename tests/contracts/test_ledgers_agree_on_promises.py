"""Both ledgers give the same answers, refusals and positions, whatever is read, written and claimed.

`TACTFUL_AGREE_ACTS` sets the number of random acts of each seed.
"""

import os
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that acts can be repeated
from typing import Any

import pytest
from msgspec import structs

from support.known_rows_check import check_every_transaction
from support.ledger_rows import T0, AnyLedger, entry, fact, offer, step
from support.postgres_cluster import Cluster
from support.postgres_ledger import postgres_ledger
from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionRow,
    RedemptionState,
)
from tactful.core.session.contact_history import NO_CONTACT
from tactful.runtime.ports.ledger_rows import (
    RULEBOOK,
    Change,
    Commit,
    CommitRefusal,
    ContactWrite,
    ReadSet,
    StockNeed,
    Subject,
    TallyRow,
)
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.runtime.turn_log.log_encoding import encode
from tactful.stores.memory.changes import SECRET
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.relational import turns as sqlite_turns
from tactful.stores.relational.ledger import RelationalLedger
from tactful.stores.relational.ledger_connection import LedgerConnection
from tactful.stores.shared import recent_heads
from tactful.stores.sqlite.ledger import SqliteLedger

ACTS = int(os.environ.get("TACTFUL_AGREE_ACTS", "250"))
SEEDS = (1, 2, 3)
COMPARE_EVERY = max(25, ACTS // 100)
SKUS, CUSTOMERS = ("A", "B", "C"), ("c1", "c2", "c3")
SESSIONS = (("se_1", "c1"), ("se_2", "c2"), ("se_3", "c3"), ("se_4", None))
CODES = [f"C{number}" for number in range(40)]
LIMIT = 60_000
REASONS = {
    "facts.newer", "settings.newer", "contact.newer", "session.moved", "stock.committed",
    "codes.taken",
}  # fmt: skip
"""Why commits are refused in every long enough run."""


class World:
    """Random acts, each done to both ledgers; what they know is read from the first one."""

    def __init__(self, seed: int, ledgers: tuple[AnyLedger, AnyLedger]) -> None:
        self.draw = Random(seed)
        self.ledgers = ledgers
        self.number = 0
        self.now = T0
        self.offers: list[Offer] = []
        self.refusals: set[str] = set()
        self.published: tuple[list[Change], list[Change]] = ([], [])
        for ledger, published in zip(ledgers, self.published, strict=True):
            ledger.subscribe(published.extend)

    async def act(self) -> None:
        """Do one thing to both, and compare the answers."""
        self.number += 1
        self.now += self.draw.randrange(3)
        acts = [
            self.push, self.push, self.push, self.end, self.redeem, self.report, self.report,
            self.report, self.claim, self.contact, self.tally, self.setting, self.erase,
            self.codes,
        ]  # fmt: skip
        call = await self.draw.choice(acts)()
        answers = [await call(ledger) for ledger in self.ledgers]
        assert answers[0] == answers[1]
        for answer in answers[:1]:
            if isinstance(answer, CommitRefusal):
                self.refusals.add(answer.reason)

    def reads(self, position: int, *subjects: Subject) -> ReadSet:
        age = self.draw.choice([0, 0, 0, 1, 2, 5, 40])
        return ReadSet(max(position - age, 0), (*subjects, RULEBOOK, ("rule", "r1")))

    def owner_epoch(self, session: str) -> int:
        """The epoch under which the owner of a session writes, also after its deletion."""
        plain = self.ledgers[0]
        assert isinstance(plain, MemoryLedger)
        return max(plain.epoch_of(session), 1)

    async def push(self) -> Any:
        plain = self.ledgers[0]
        # A session has one customer, because a login gives it another id.
        sku, (session, who) = self.draw.choice(SKUS), self.draw.choice(SESSIONS)
        state = self.draw.choice([OfferState.PUSHED, OfferState.ACCEPTED])
        coded = self.draw.random() < 0.4
        made = offer(
            f"of_{self.number}", session=session, customer=who, sku=sku, seq=self.number,
            max_qty=self.draw.randint(1, 3), issued_at=self.now, state=state,
            accept_until=self.now + 9 if state is OfferState.ACCEPTED else None,
            pool="p" if coded else None, code=self.draw.choice(CODES) if coded else None,
        )  # fmt: skip
        known = await plain.contact(who) if who else None
        revision = (known.revision if known else 0) - (self.draw.random() < 0.1)
        subjects: list[Subject] = [("sku", sku)]
        contacts = {}
        if who:
            subjects.append(("customer", who))
            history = NO_CONTACT.with_approach(made.id, "r1", session, self.now)
            contacts[who] = ContactWrite(revision, encode(history))
        turn = Commit(
            session=session,
            state=b"\xa2%s" % (who or "no").encode(),
            resume=b"r" + session.encode(),
            customer=who,
            seen_at=self.now,
            contacts=contacts,
            offers=(made,),
            steps=(step(made, at=self.now),),
            moves=(BudgetMove("spring", "total", "EUR", LIMIT, reserve=made.hold, offer=made.id),),
            entry=entry(session, self.now, customer=who),
            reads=self.reads(await plain.position(), *subjects),
            epoch=max(self.owner_epoch(session) - (self.draw.random() < 0.1), 1),
            stock=(StockNeed(sku, "DE", self.draw.choice([None, 2, 4])),),
            taken=b"%d" % self.number,
            tallies=(TallyRow(self.number // 50, "offers", "aero", "DE", "", 1),),
        )
        self.offers.append(made)
        return lambda ledger: ledger.commit(turn)

    async def end(self) -> Any:
        if not self.offers:
            return self.nothing
        made = self.draw.choice(self.offers)
        if await self.ledgers[0].offer(made.id) is None:
            return self.nothing
        state = self.draw.choice([OfferState.EXPIRED, OfferState.WITHDRAWN, OfferState.DECLINED])
        code = made.code if made.was_accepted else None
        ended = structs.replace(made, state=state, seq=self.number, code=code)
        turn = Commit(
            session=made.session,
            state=b"\xa5ended",
            offers=(ended,),
            steps=(step(ended, "stock.out", self.now),),
            moves=(BudgetMove("spring", "total", "EUR", LIMIT, reserve=-made.hold, offer=made.id),),
            epoch=max(self.owner_epoch(made.session) - (self.draw.random() < 0.2), 1),
        )
        return partial(self.recorded, turn)

    async def redeem(self) -> Any:
        standing = await self.ledgers[0].standing_offers()
        if not standing:
            return self.nothing
        made = self.draw.choice(standing)
        order = f"o_{self.number}"
        reads = self.reads(
            await self.ledgers[0].position(),
            ("sku", made.sku),
            ("offer", made.id),
            ("order", order),
        )
        redeemed = structs.replace(made, state=OfferState.REDEEMED, seq=self.number)
        row = RedemptionRow(
            id=f"rd_{order}", offer=made.id, order=order, at=self.now, status="redeemed",
            saved=made.hold,
        )  # fmt: skip
        move = BudgetMove("spring", "total", "EUR", LIMIT, -made.hold, made.hold)
        outcome = RedemptionOutcome(
            status=200, body=b"", redemptions=(row,), offers=(redeemed,),
            steps=(step(redeemed, at=self.now),), moves=(move,),
        )  # fmt: skip

        def logic(state: RedemptionState) -> RedemptionOutcome:
            assert state.offers[made.id].standing
            return outcome

        return lambda ledger: ledger.run_redemption(
            logic, offers=(made.id,), order=order, reads=reads
        )

    async def report(self) -> Any:
        rows = []
        for _ in range(self.draw.randint(1, 3)):
            who, sku = self.draw.choice(CUSTOMERS), self.draw.choice(SKUS)
            about: tuple[Subject, ...] = self.draw.choice([
                (("sku", sku),), (("customer", who),), (("customer", who), ("sku", sku)),
                (("order", f"o{self.draw.randrange(9)}"), ("customer", who)),
            ])  # fmt: skip
            kind = self.draw.choice(["stock", "price", "customer"])
            row = fact(
                kind, self.draw.choice("klm"), self.draw.randrange(self.number + 1),
                subjects=about, at=self.now, customer=who, n=self.draw.randrange(9),
            )  # fmt: skip
            own_at = self.draw.choice([None, None, self.now, self.now + 2])
            rows.append(structs.replace(row, own_at=own_at, dated=self.draw.random() < 0.3))
        return lambda ledger: ledger.record_facts(rows)

    async def claim(self) -> Any:
        digest = b"r" + self.draw.choice(SESSIONS)[0].encode()
        return lambda ledger: ledger.claim_session(digest)

    async def contact(self) -> Any:
        who = self.draw.choice(CUSTOMERS)
        known = await self.ledgers[0].contact(who)
        revision = (known.revision if known else 0) - self.draw.choice([0, 0, 1])
        history = NO_CONTACT.with_cooldown("rule", f"r{self.number % 5}", self.now)
        turn = Commit(contacts={who: ContactWrite(revision, encode(history))})
        if self.draw.random() < 0.5:
            return lambda ledger: ledger.commit(turn)
        return partial(self.recorded, turn)

    async def tally(self) -> Any:
        hour = self.number // 50
        if self.draw.random() < 0.1:
            return lambda ledger: ledger.prune_tallies(hour, "viewers")
        row = TallyRow(hour, "viewers", self.draw.choice(SKUS), "DE", "", self.draw.randint(1, 9))
        return partial(self.recorded, Commit(tallies=(row,)))

    async def setting(self) -> Any:
        rule, version, now = f"r{self.draw.randint(1, 3)}", f"v{self.number}", self.now
        state = self.draw.choice(["paused", "running"])
        old = max(await self.ledgers[0].position() - 30, 0)
        action = OperatorAction(
            at=now, who="Ada", act="fact.stated", subject="f", customer=self.draw.choice(CUSTOMERS)
        )
        acts: list[Any] = [
            lambda ledger: ledger.store_rulebook(version, b"[]", now),
            lambda ledger: ledger.set_rule_state(rule, state),
            lambda ledger: ledger.record_heartbeat("erp", now - 1),
            lambda ledger: ledger.trim_changes(old),
            lambda ledger: ledger.record_operator_action(action),
        ]
        return self.draw.choice(acts)

    async def codes(self) -> Any:
        pool, now = self.draw.choice("pq"), self.now
        some = self.draw.sample(CODES, 4)
        ends = self.draw.choice([None, now + 2])
        free = [FreeCode(self.draw.choice([one, one.lower()]), ends) for one in some]
        acts: list[Any] = [
            lambda ledger: ledger.add_codes(pool, free, now),
            lambda ledger: ledger.add_codes(pool, free, now),
            lambda ledger: ledger.withdraw_codes(pool, now),
            lambda ledger: ledger.spend_free_codes(some[:1]),
        ]
        return self.draw.choice(acts)

    async def erase(self) -> Any:
        who, alias, now = self.draw.choice(CUSTOMERS), f"erased-{self.number}", self.now
        chance = self.draw.random()
        if chance < 0.3:
            return partial(self.erased, who, alias, now)
        if chance < 0.6:
            return lambda ledger: ledger.begin_anew("customer", who, now)
        return lambda ledger: ledger.tombstone("customer", who)

    @staticmethod
    async def nothing(_: AnyLedger) -> None:
        """An act for which there is no occasion."""

    @staticmethod
    async def erased(who: str, alias: str, now: int, ledger: AnyLedger) -> None:
        # The ledgers count touched rows differently: memory has no index rows.
        await ledger.erase_customer(who, alias, now)

    @staticmethod
    async def recorded(turn: Commit, ledger: AnyLedger) -> None:
        ledger.record(turn)
        await ledger.flush()

    async def compare(self) -> None:
        """Both hold the same, sums agree, positions have no gap, and everything was published."""
        plain, durable = [await held(ledger) for ledger in self.ledgers]
        assert plain == durable
        assert plain["wrong"] == []
        positions = [change.position for change in plain["changes"]]
        end = plain["position"] + 1
        assert positions == list(range(end - len(positions), end))
        assert self.published[0] == self.published[1]
        assert [one.position for one in self.published[0]] == list(range(1, plain["position"] + 1))


async def held(ledger: AnyLedger) -> dict[str, Any]:
    return {
        "position": await ledger.position(),
        "changes": await ledger.changes(0, 1_000_000),
        "facts": await ledger.facts_about([("customer", one) for one in CUSTOMERS]),
        "digest": await ledger.state_digest(),
        "standing": await ledger.standing_offers(),
        "balances": await ledger.balances(),
        "stock": await ledger.stock_commitments(SKUS),
        "contacts": [await ledger.contact(one) for one in CUSTOMERS],
        "sessions": [await ledger.session(one) for one, _ in SESSIONS],
        "entries": await ledger.turn_entries(limit=1_000_000),
        "steps": [(row.step, row.offer) for row in await ledger.offer_steps(limit=1_000_000)],
        "tallies": await ledger.tally_sums(0),
        "rule_steps": await ledger.rule_steps(),
        "reductions": await ledger.reductions(0),
        "acts": await ledger.operator_actions(limit=1_000_000),
        "rulebooks": await ledger.rulebooks(),
        "states": await ledger.rule_states(),
        "heartbeats": await ledger.feed_heartbeats(),
        "fenced": ledger.fenced_records,
        "codes": await ledger.find_codes(CODES),
        "free": sorted(await ledger.free_codes(), key=str),
        "pools": await ledger.pool_counts(T0),
        "wrong": await ledger.reconcile(),
    }


def keep_secret(connection: LedgerConnection) -> None:
    """Give both ledgers one secret, so that they write the same digests."""
    connection.execute("UPDATE meta SET value = ? WHERE key = 'secret'", (SECRET,))


async def play(seed: int, acts: int, durable: RelationalLedger) -> set[str]:
    """Do random acts to both ledgers; return the reasons of the refusals."""
    plain = MemoryLedger()
    await durable.open()
    try:
        await durable._open_writer.run(keep_secret)
        world = World(seed, (plain, durable))
        for number in range(acts):
            await world.act()
            if number % COMPARE_EVERY == 0 or number == acts - 1:
                await world.compare()
        return world.refusals
    finally:
        await durable.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_random_acts_give_the_same_answers_on_both_ledgers(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_heads, "WINDOW", 10)
    check_every_transaction(monkeypatch)
    assert await play(seed, ACTS, SqliteLedger(tmp_path / "tactful.db")) >= REASONS


@pytest.mark.parametrize("seed", SEEDS)
async def test_random_acts_give_the_same_answers_on_postgres(
    seed: int, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_heads, "WINDOW", 10)
    assert await play(seed, ACTS, postgres_ledger(postgres.database())) >= REASONS


async def test_that_fails_where_one_ledger_checks_no_read_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_turns, "refuse_commit", lambda *_: None)
    with pytest.raises(AssertionError):
        await play(1, 100, SqliteLedger(tmp_path / "tactful.db"))
