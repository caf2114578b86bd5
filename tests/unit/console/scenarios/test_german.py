"""The console in German: every sentence has a translation, and no page shows an English one."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import pytest

from journeys.fixture import case, order, rules
from support.console_client import Agent, csrf_token
from support.console_sentences import sentences
from support.live_server import LiveServer
from tactful.console import languages
from tactful.console.languages import catalogue
from unit.console.test_permissions import ROUTES

PLACE = re.compile(r"\{(\w+)\}")
DATA = re.compile(
    r"""Tactful|Shop|Ada|EUR|UTC|RUN-42|TRAIL-42|customer-1|Schuh|footwear@shop\.example|
    The\ shopper\ hesitates\ over\ a\ shoe\.|Aero\ Runner|Trail|English|Deutsch|https?://\S+|
    DE|GB|US-NY|CSV|CHF|USD|GBP|console:\S+|[0-9a-f]{16}|recall:?\S*|/console/none""",
    re.VERBOSE,
)
"""What pages show as it is: names of the test's shop, ids, codes and units."""


def test_every_sentence_is_in_the_catalogue_and_every_entry_is_used() -> None:
    found, german = sentences(), set(catalogue("de"))
    assert found - german == set()
    assert german - found == set()


@pytest.mark.parametrize("english", sorted(catalogue("de")))
def test_a_translation_has_the_names_of_its_sentence(english: str) -> None:
    german = catalogue("de")[english]
    assert german.strip()
    assert sorted(PLACE.findall(german)) == sorted(PLACE.findall(english))
    assert re.findall(r"`[^`]*`", english).__len__() == re.findall(r"`[^`]*`", german).__len__()
    assert not re.search(r"\b(du|dein|deine|dich)\b", german, re.IGNORECASE)


class Marked(Mapping[str, str]):
    """A catalogue in which every sentence of the console is marked, and longer."""

    def __getitem__(self, key: str) -> str:
        if key not in KNOWN:
            raise KeyError(key)
        return f"\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}{key} ~~~\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"

    def __iter__(self) -> Iterator[str]:
        return iter(KNOWN)

    def __len__(self) -> int:
        return len(KNOWN)


KNOWN = sentences()
_SPOKEN = re.compile(
    "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}[^\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}]*\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"
)
_ENGLISH_PARTS = re.compile(r'<(\w+)[^>]* (?:lang="en"|translate="no")[^>]*>.*?</\1>', re.DOTALL)


def unspoken(page: str) -> list[str]:
    """Return the words of a page that no catalogue translates."""
    body = page.partition("<body>")[2]
    body = _ENGLISH_PARTS.sub(" ", body)
    body = re.sub(r"<(code|pre|option|textarea|time)\b[^>]*>.*?</\1>", " ", body, flags=re.DOTALL)
    labels = " ".join(re.findall(r'(?:aria-label|placeholder|title)="([^"]*)"', body))
    text = unescape(re.sub(r"<[^>]+>", " ", body) + " " + labels)
    while (shorter := _SPOKEN.sub(" ", text)) != text:
        text = shorter
    text = DATA.sub(" ", text)
    return re.findall(r"[A-Za-z]{3,}(?: [a-z]{2,})*", text)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "catalogue", lambda _: Marked())


@pytest.mark.usefixtures("marked")
async def test_no_page_has_a_sentence_that_no_catalogue_translates(
    one: LiveServer, agent: Agent
) -> None:
    await one.reload(rules(extra="  - {id: V, remedy: true}\n"))
    shopper = await one.known("customer-1")
    await shopper.view("RUN-42", 30)
    offer = (await shopper.offered())["id"]
    await one.facts(
        order("100", "customer-1", "TRAIL-42"), case("200", "customer-1", "late", order="100")
    )
    await agent.submit("/console/rules/V/pause")
    await agent.submit("/console/rules/V/resume")
    await agent.submit("/console/objections", customer="customer-1", days="7")
    await agent.submit("/console/recalls", sku="TRAIL-42", confirm="yes")
    places = {
        "/console/offers/{id}": f"/console/offers/{offer}",
        "/console/customers/{id:path}": "/console/customers/customer-1",
        "/console/sessions/{id}": f"/console/sessions/{shopper.session}",
        "/console/cases/{id:path}": "/console/cases/200",
        "/console/rules/{id}": "/console/rules/R1",
        "/console/why": "/console/why?sku=RUN-42&customer=customer-1",
        "/console/find": "/console/find?q=1",
        "/console/recalls": "/console/recalls?sku=RUN-42",
        "/console/rulebook/compare": "/console/rulebook/compare?from=x&to=y",
        "/console/{rest:path}": "/console/none",
    }
    wrong: dict[str, list[str]] = {}
    for route in ROUTES:
        method, path = route.split(" ")
        if method == "POST" or path.endswith((".csv", "/events")):
            continue
        answer = await agent.http.get(places.get(path, path), follow_redirects=True)
        if left := unspoken(answer.text):
            wrong[path] = left
    async with Agent(one) as stranger:
        for path in ("/console/login", "/console/join"):
            if left := unspoken((await stranger.http.get(path)).text):
                wrong[path] = left
    assert not wrong, "\n".join(f"{path}: {words}" for path, words in wrong.items())


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/console/remedies", {"customer": "c1"}),
        ("/console/operators", {"name": "Bo", "role": "king"}),
        ("/console/operators/suspend", {"name": "Bo"}),
        ("/console/tokens", {"name": "", "life": "30"}),
        ("/console/stop", {"reason": ""}),
        ("/console/rules/R9/pause", {}),
        ("/console/objections", {"customer": "c9", "days": "7"}),
        ("/console/start/rule", {"id": "!"}),
        ("/console/alerts/x/acknowledge", {}),
    ],
)
async def test_every_refusal_is_translated(agent: Agent, path: str, form: dict[str, Any]) -> None:
    answer = await agent.submit(path, **form)
    assert answer.status_code >= 400
    assert [word for word in unspoken(answer.text) if word != "Bo"] == []


async def test_the_browsers_language_is_spoken_until_the_account_says_another(
    one: LiveServer, agent: Agent
) -> None:
    german = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}
    page = (await agent.http.get("/console/rules", headers=german)).text
    assert '<html lang="de">' in page
    assert "Regeldateien neu laden" in page
    assert "Reload the rule files" not in page
    assert "Regeln" in (await agent.http.get("/console/rules", headers=german)).text
    agent.csrf = csrf_token(page)
    await agent.submit("/console/account/language", language="en")
    page = (await agent.http.get("/console/rules", headers=german)).text
    assert "Reload the rule files" in page
    await agent.submit("/console/account/language", language="de")
    assert "Regeldateien neu laden" in (await agent.http.get("/console/rules")).text
    assert (await agent.submit("/console/account/language", language="xx")).status_code == 422
    await agent.submit("/console/account/language", language="")
    assert "Reload the rule files" in (await agent.http.get("/console/rules")).text


async def test_german_pages_write_money_and_time_as_germans_do(
    one: LiveServer, agent: Agent
) -> None:
    shopper = await one.known("customer-1")
    await shopper.view("RUN-42", 30)
    offer = (await shopper.offered())["id"]
    german = {"Accept-Language": "de"}
    page = (await agent.http.get(f"/console/offers/{offer}", headers=german)).text
    assert re.search(r"\d,\d\d EUR", page)
    assert re.search(r"10\.03\.2026, 12:00:\d\d UTC", page)


async def test_an_amount_is_read_with_a_comma(one: LiveServer, agent: Agent) -> None:
    await one.reload(rules(extra="  - {id: V, remedy: true}\n"))
    await one.facts(order("100", "c1", "TRAIL-42"))
    page = (await agent.http.get("/console/customers/c1")).text
    code = re.search(r'name="code" value="([^"]+)"', page)
    assert code
    answer = await agent.submit(
        "/console/remedies",
        customer="c1",
        code=code[1],
        value="10,50 EUR",
        cause="order:100",
        days="30",
    )
    assert answer.status_code == 303
    (act, *_) = await one.parts.shop.ledger.operator_actions()
    assert act.amount == 1050
