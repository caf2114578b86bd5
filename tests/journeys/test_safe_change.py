"""Changing rules on live traffic: shadow, trials that pause themselves, rollback, drain."""

from pathlib import Path
from typing import Any

from journeys.fixture import CATALOGUE, case, order, rules
from support.live_server import LiveServer, Shopper, live_server
from support.raw_connections import eventually
from tactful.core.rules.policy import Policy, TrialGuardrail
from tactful.runtime.turn_log.log_encoding import decode_trace

SHADOW = """
  - id: shy
    mode: shadow
    when: [item.category: boots]
    offer: {percent: 10%}
    campaign: C
"""
TRIAL = """
  - id: daring
    owner: shoes@shop.example
    mode: trial
    share: 50%
    priority: 5
    valid: {from: 2026-03-01, until: 2026-03-28}
    when: [item.category: boots]
    offer: {percent: 20%, floor: {margin: 5%}}
    campaign: C
"""
HARM = Policy(harm=TrialGuardrail(after=4, dismissed_bp=5000, complaints_bp=2500))


async def metric(one: LiveServer, line: str) -> float:
    text = (await one.http.get("/metrics")).text
    return float(next((row.split()[-1] for row in text.splitlines() if row.startswith(line)), 0))


async def alerts_of(one: LiveServer, kind: str) -> list[dict[str, Any]]:
    found = (await one.http.get("/v1/alerts")).json()["alerts"]
    return [alert for alert in found if alert["kind"] == kind]


async def state(one: LiveServer, rule: str) -> str:
    book = (await one.http.get("/v1/rulebook")).json()
    return str(next(row["state"] for row in book["rules"] if row["rule"] == rule))


async def offered_a_boot(one: LiveServer, **hello: Any) -> Shopper | None:
    """A shopper who has seen an offer; `None` outside the trial's share."""
    shopper = await one.shopper(**hello)
    await shopper.view("BOOT-42", 31)
    if not shopper.frames:
        assert await one.reason("BOOT-42", shopper, "daring") == "holdout.rule"
        return None
    await shopper.say("seen", offer=shopper.frames[0]["offer"]["id"])
    return shopper


async def test_a_shadow_rule_is_recorded_and_never_shown(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(extra=SHADOW)) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="personal")
        await shopper.view("BOOT-42", 31)
        await shopper.nothing()
        assert await one.budget() == (0, 0)
        (kept,) = await one.decisions(session=shopper.session)
        assert (kept["to"], kept["reason"]) == ("shadow", "shadow")
        why = await one.why("BOOT-42", "shy", session=shopper.session)
        assert (why["outcome"], why["reason"]) == ("shadow", "shadow")
        await one.parts.shop.ledger.flush()
        traces = [
            decode_trace(entry.trace)
            for entry in await one.parts.shop.ledger.turn_entries()
            if entry.trace
        ]
        verdicts = [verdict for trace in traces for verdict in trace.verdicts]
        assert ("shy", "shadow") in {(one.rule, one.outcome) for one in verdicts}
        assert await metric(one, 'tactful_verdicts_total{outcome="shadow"') >= 1
        await one.facts({"type": "stock", "sku": "BOOT-42", "territory": "DE", "available": 1})
        other = await one.shopper()
        await other.view("BOOT-42", 31)  # nothing is committed to the first one
        assert (await one.why("BOOT-42", "shy", session=other.session))["outcome"] == "shadow"


async def test_a_trial_beyond_its_limits_is_refused_by_name(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(extra=TRIAL)) as one:
        before = one.parts.shop.state.active_rulebook.current.version
        answer = await one.reload(rules(extra=TRIAL.replace("share: 50%", "share: 60%")))
        assert answer.status_code == 422
        (finding,) = answer.json()["findings"]
        assert finding["code"] == "R312"
        assert "more than 50% of the sessions" in finding["message"]
        assert one.parts.shop.state.active_rulebook.current.version == before


async def test_a_trial_with_many_dismissals_is_paused_logged_and_counted(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(extra=TRIAL), policy=HARM) as one:
        await one.facts(
            *CATALOGUE, {"type": "stock", "sku": "BOOT-42", "territory": "DE", "available": 90}
        )
        seen = dismissed = 0
        while await state(one, "daring") == "running":
            assert dismissed < 6
            shopper = await offered_a_boot(one)
            if shopper:
                seen += 1
                if seen > 1:  # one who liked it
                    dismissed += 1
                    await shopper.say("dismiss", offer=(await shopper.offered())["id"])
                    await one.parts.shop.settled()
        assert (seen, dismissed) == (4, 3)
        assert await metric(one, "tactful_trials_stopped_total") == 1
        (act,) = (await one.http.get("/v1/acts")).json()["acts"]
        assert (act["who"], act["act"], act["subject"]) == ("tactful", "rule.paused", "daring")
        (alert,) = await alerts_of(one, "trial.harm")
        assert (alert["subject"], alert["owner"]) == ("daring", "shoes@shop.example")
        assert alert["evidence"] == {"seen": 4, "dismissed": 3, "complaints": 0}
        await one.restart()
        assert await alerts_of(one, "trial.harm") == [alert]
        assert await state(one, "daring") == "paused"
        await one.http.post("/v1/rules/daring/resume")
        assert await state(one, "daring") == "running"
        while not (shopper := await offered_a_boot(one)):
            pass
        await one.parts.shop.settled()
        assert await state(one, "daring") == "paused"
        assert await metric(one, "tactful_trials_stopped_total") == 1
        changed = TRIAL.replace("20%", "15%")
        await one.reload(rules(extra=changed))
        await one.http.post("/v1/rules/daring/resume")
        while not (shopper := await offered_a_boot(one)):
            pass
        await shopper.say("dismiss", offer=(await shopper.offered())["id"])
        await one.parts.shop.settled()
        assert await state(one, "daring") == "running"  # another trial, of which little is known
        await one.advance(60)
        assert await alerts_of(one, "trial.harm") == []


async def test_a_trial_whose_buyers_complain_is_paused(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(extra=TRIAL), policy=HARM) as one:
        await one.facts(
            *CATALOGUE, {"type": "stock", "sku": "BOOT-42", "territory": "DE", "available": 90}
        )
        number = 0
        reached: list[str] = []
        while len(reached) < 5:
            number += 1
            name = f"c{number}"
            await one.facts(order(f"o{number}", name, "SOCK-3"))
            if await offered_a_boot(one, consent="personal", identity=one.identity(name)):
                reached.append(name)
        assert await state(one, "daring") == "running"
        for count, name in enumerate(reached[:2], 1):
            await one.facts(case(f"k{count}", name, "defect", skus=["BOOT-42"]))
            await one.parts.shop.settled()
            assert await state(one, "daring") == ("running" if count == 1 else "paused")


async def test_a_live_rule_is_never_paused_automatically(tmp_path: Path) -> None:
    live = TRIAL.replace("    mode: trial\n    share: 50%\n", "")
    async with live_server(tmp_path, rules(extra=live), policy=HARM) as one:
        await one.facts(
            *CATALOGUE, {"type": "stock", "sku": "BOOT-42", "territory": "DE", "available": 90}
        )
        for _ in range(6):
            shopper = await offered_a_boot(one)
            assert shopper
            await shopper.say("dismiss", offer=(await shopper.offered())["id"])
        assert await state(one, "daring") == "running"


async def test_a_rollback_restores_the_previous_rules(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        assert (await one.reload(rules(percent="10%"))).status_code == 200
        assert (await one.http.post("/v1/rulebook/rollback")).status_code == 200
        shopper = await one.shopper()
        await shopper.view("RUN-42", 31)
        assert (await shopper.offered())["price"]["amount"] == 10965


async def test_each_rollback_goes_one_version_back_and_survives_a_restart(tmp_path: Path) -> None:
    async def active() -> str:
        return str((await one.http.get("/v1/rulebook")).json()["version"])

    async with live_server(tmp_path, rules()) as one:
        versions = [await active()]
        for percent in ("10%", "12%"):
            await one.reload(rules(percent=percent))
            versions.append(await active())
        for left in (versions[1], versions[0]):
            assert (await one.http.post("/v1/rulebook/rollback")).status_code == 200
            assert await active() == left
            await one.restart()
            assert await active() == left
        assert (await one.http.post("/v1/rulebook/rollback")).status_code == 409
        assert (await one.http.post("/v1/rulebook/reload")).status_code == 200
        assert await active() == versions[2]
        await one.restart()
        assert await active() == versions[2]
        assert (await one.http.post("/v1/rulebook/rollback")).status_code == 200
        assert await active() == versions[0]


async def test_a_standing_offer_of_a_paused_rule_is_kept_drained_or_withdrawn(
    tmp_path: Path,
) -> None:
    for how in ("keep", "drain", "withdraw"):
        text = rules().replace("    campaign: C\n", f"    campaign: C\n    on_change: {how}\n", 1)
        async with live_server(tmp_path / how, text) as one:
            await one.facts(*CATALOGUE)
            shopper = await one.shopper()
            await shopper.view("RUN-42", 31)
            await shopper.offered()
            assert (await one.http.post("/v1/rules/R1/pause")).status_code == 200
            await one.parts.shop.settled()
            if how == "withdraw":
                await shopper.expect("withdraw")
            else:
                await shopper.nothing()
            other = await one.shopper()
            await other.view("RUN-42", 31)
            await other.nothing()
            assert await one.reason("RUN-42", other) == "rule.paused"


async def test_a_saved_rule_file_is_loaded_automatically_and_a_broken_one_is_not(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        book = one.parts.shop.state.active_rulebook
        before = book.current.version
        file = one.rules / "rules.yaml"
        file.write_text(rules("    persent: 3"), encoding="utf-8")
        await eventually(lambda: bool(book.diagnostics), 30)
        assert book.current.version == before
        file.write_text(rules(percent="9%"), encoding="utf-8")
        await eventually(lambda: book.current.version != before, 30)
        assert not book.diagnostics


async def test_a_rule_removed_during_a_restart_ends_offers_of_absent_sessions(
    tmp_path: Path,
) -> None:
    text = rules().replace("    campaign: C\n", "    campaign: C\n    on_change: withdraw\n", 1)
    async with live_server(tmp_path, text) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 31)
        await shopper.offered()
        assert (await one.budget())[0] > 0
        await one.stop()
        (one.rules / "rules.yaml").write_text(rules().replace("id: R1", "id: R2"), "utf-8")
        await one.start()
        await one.parts.shop.settled()
        assert await one.budget() == (0, 0)
