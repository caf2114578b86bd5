"""An owner invites operators, changes their roles, and suspends them."""

import re

import pytest

from support.console_client import Agent
from support.live_server import LiveServer
from tactful.runtime.security.operator_accounts import OperatorAccounts
from tactful.runtime.security.passwords import PasswordDigest


def accounts_of(one: LiveServer) -> OperatorAccounts:
    return OperatorAccounts(one.parts.shop.state.keys.folder, one.parts.shop.clock)


async def test_an_invitation_is_a_link_that_is_shown_once(one: LiveServer, agent: Agent) -> None:
    assert "Nobody has an account." in await agent.read("/console/operators")
    answer = await agent.submit("/console/operators", name="Bo", role="agent")
    found = re.search(r">(http[^<]+)</textarea>", answer.text)
    assert found
    assert found[1].startswith(f"{agent.base}/console/join?code=")
    assert "Welcome, Bo" in await agent.read(found[1].removeprefix(agent.base))
    page = (await agent.http.get("/console/operators")).text
    assert "join?code=" not in page
    (act,) = await one.parts.shop.ledger.operator_actions()
    assert (act.who, act.act, act.subject, act.after) == (
        "Ada", "operator.invited", "Bo", {"role": "agent", "state": "invited"},
    )  # fmt: skip


async def test_roles_and_states_are_changed_and_recorded_before_and_after(
    one: LiveServer, agent: Agent
) -> None:
    accounts = accounts_of(one)
    accounts.join(accounts.invite("Bo", "agent"), PasswordDigest(b"s", b"d"))
    await agent.submit("/console/operators/role", name="Bo", role="merchandiser")
    answer = await agent.submit("/console/operators/suspend", name="Bo")
    assert "The account is changed." in await agent.read(answer.headers["location"])
    assert "suspended" in await agent.read("/console/operators")
    await agent.submit("/console/operators/resume", name="Bo")
    again = await agent.submit("/console/operators/invite-again", name="Bo")
    assert "join?code=" in again.text
    kept = await one.parts.shop.ledger.operator_actions()
    assert [(act.detail, act.before, act.after) for act in reversed(kept)] == [
        ("", {"role": "agent"}, {"role": "merchandiser"}),
        ("", {"state": "active"}, {"state": "suspended"}),
        ("", {"state": "suspended"}, {"state": "active"}),
        ("invited again", {}, {}),
    ]


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("", {"name": "Bo", "role": "king"}, "The role is missing"),
        ("", {"name": "", "role": "agent"}, "The name is missing"),
        ("", {"name": "tactful", "role": "agent"}, "belongs to the server"),
        ("", {"name": "Ann", "role": "agent"}, "has an account already"),
        ("/role", {"name": "Nobody", "role": "agent"}, "has no account"),
        ("/role", {"name": "Ann", "role": "agent"}, "only active owner"),
        ("/suspend", {"name": "Ann"}, "only active owner"),
        ("/invite-again", {"name": "Nobody"}, "has no account"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_reason(
    one: LiveServer, path: str, form: dict[str, str], words: str
) -> None:
    accounts = accounts_of(one)
    async with Agent(one) as agent:
        code = accounts.invite("Ann", "owner")
        await agent.post_form("/console/join", code=code, password="correct horse battery")
        await agent.log_in(key="correct horse battery", name="Ann")
        answer = await agent.submit(f"/console/operators{path}", **form)
        assert (answer.status_code, words in answer.text) == (422, True)


async def test_a_name_stays_text(one: LiveServer, agent: Agent) -> None:
    await agent.submit("/console/operators", name="<img src=x>", role="viewer")
    assert "<img src=x>" not in (await agent.http.get("/console/operators")).text
