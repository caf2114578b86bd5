"""A change of operators, tokens or the stop asks for the password again after 15 minutes."""

from collections.abc import AsyncIterator

import pytest

from support.console_client import Agent
from support.live_server import LiveServer
from tactful.runtime.security.operator_accounts import OperatorAccounts
from tactful.runtime.security.passwords import PasswordHasher, code_at, new_recovery_codes
from tactful.runtime.security.second_factors import SecondFactors

PASSWORD = "correct horse battery"
SECRET = b"s" * 20


def accounts_of(one: LiveServer) -> OperatorAccounts:
    return OperatorAccounts(one.parts.shop.state.keys.folder, one.parts.shop.clock)


def code_now(one: LiveServer) -> str:
    return code_at(SECRET, one.parts.shop.clock.now() // 30_000)


@pytest.fixture
async def owner(one: LiveServer) -> AsyncIterator[Agent]:
    accounts = accounts_of(one)
    accounts.join(accounts.invite("Root", "owner"), await PasswordHasher().digest(PASSWORD))
    accounts.set_second_factor("Root", SECRET)
    async with Agent(one) as somebody:
        answer = await somebody.log_in(key=PASSWORD, name="Root", code=code_now(one))
        assert answer.status_code == 303
        yield somebody


INVITE = {"name": "Bo", "role": "agent"}


async def test_a_fresh_login_is_not_asked_again(one: LiveServer, owner: Agent) -> None:
    assert (await owner.submit("/console/operators", **INVITE)).status_code == 200
    assert accounts_of(one).find("Bo") is not None


async def test_an_older_login_confirms_and_the_form_is_carried_out_once(
    one: LiveServer, owner: Agent
) -> None:
    await one.advance(15 * 60)
    asked = await owner.submit("/console/operators", **INVITE)
    assert asked.status_code == 403
    assert "Confirm that it is you" in asked.text
    assert 'name="role" value="agent"' in asked.text
    assert accounts_of(one).find("Bo") is None
    form = INVITE | {"confirm-password": PASSWORD, "confirm-code": code_now(one)}
    for wrong in ({"confirm-password": "x"}, {"confirm-code": "000000"}):
        refused = await owner.submit("/console/operators", **(form | wrong))
        assert (refused.status_code, "is wrong" in refused.text) == (403, True)
        assert PASSWORD not in refused.text
        assert accounts_of(one).find("Bo") is None
    done = await owner.submit("/console/operators", **form)
    assert done.status_code == 200
    assert accounts_of(one).find("Bo") is not None
    answer = await owner.submit("/console/operators", name="Cy", role="agent")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/console/tokens", "/console/tokens/revoke", "/console/operators/role", "/console/stop/end",
     "/console/operators/suspend", "/console/operators/second-factor"],
)  # fmt: skip
async def test_every_dangerous_form_asks(one: LiveServer, owner: Agent, path: str) -> None:
    await one.advance(16 * 60)
    assert "Confirm that it is you" in (await owner.submit(path)).text


async def test_all_offers_are_stopped_without_being_asked(one: LiveServer, owner: Agent) -> None:
    await one.advance(16 * 60)
    answer = await owner.submit("/console/stop", reason="a wrong price", confirm="yes")
    assert answer.headers["location"] == "/console/stop"


async def test_a_recovery_code_confirms_and_logs_in_once(one: LiveServer, owner: Agent) -> None:
    codes = new_recovery_codes()
    SecondFactors(accounts_of(one)).set_recovery_codes("Root", codes)
    async with Agent(one) as other:
        login = {"key": PASSWORD, "name": "Root", "code": codes[0].upper()}
        assert (await other.log_in(**login)).status_code == 303
        assert (await other.log_in(**login)).status_code != 303
    act = (await one.parts.shop.ledger.operator_actions())[0]
    assert (act.who, act.detail) == ("Root", "recovery code used")
    assert (act.before, act.after) == ({"recovery_codes": "10"}, {"recovery_codes": "9"})


async def test_a_login_ends_after_twelve_idle_hours_and_not_while_it_is_used(
    one: LiveServer,
) -> None:
    accounts = accounts_of(one)
    accounts.join(accounts.invite("Root", "owner"), await PasswordHasher().digest(PASSWORD))
    accounts.join(accounts.invite("Eve", "agent"), await PasswordHasher().digest(PASSWORD))
    async with Agent(one) as eve:
        await eve.log_in(key=PASSWORD, name="Eve")
        for _ in range(3):
            await one.advance(11 * 3600)
            assert (await eve.http.get("/console")).status_code == 200
        await one.advance(12 * 3600)
        assert (await eve.http.get("/console")).status_code == 303


async def test_a_page_that_is_kept_up_to_date_does_not_prolong_a_login(one: LiveServer) -> None:
    accounts = accounts_of(one)
    accounts.join(accounts.invite("Eve", "agent"), await PasswordHasher().digest(PASSWORD))
    async with Agent(one) as eve:
        await eve.log_in(key=PASSWORD, name="Eve")
        await one.advance(11 * 3600)
        async with eve.http.stream("GET", "/console/start/events") as answer:
            assert answer.status_code == 200
        await one.advance(3600)
        assert (await eve.http.get("/console/start/events")).status_code == 303


async def test_a_role_that_needs_a_factor_reaches_only_its_account(
    one: LiveServer, owner: Agent
) -> None:
    accounts = accounts_of(one)
    accounts.join(accounts.invite("Eve", "agent"), await PasswordHasher().digest(PASSWORD))
    async with Agent(one) as eve:
        await eve.log_in(key=PASSWORD, name="Eve")
        answer = await owner.submit("/console/operators/second-factor", agent="yes", owner="yes")
        assert answer.status_code == 303
        for path in ("/console", "/console/customers/c1", "/console/start/events"):
            moved = await eve.http.get(path)
            assert (moved.status_code, moved.headers["location"]) == (303, "/console/account")
        page = await eve.read("/console/account")
        assert "Your role needs a second factor." in page
        withdrawn = await eve.submit("/console/objections", customer="c1", days="7")
        assert withdrawn.headers["location"] == "/console/account"
        await owner.submit("/console/operators/second-factor")
        assert (await eve.http.get("/console")).status_code == 200
    refused = await owner.submit("/console/operators/second-factor", owner="yes")
    assert refused.status_code == 303
    removed = await owner.submit("/console/account/second-factor/remove", current=PASSWORD)
    assert (removed.status_code, "Your role needs" in removed.text) == (422, True)
