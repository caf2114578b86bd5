"""The checks of a page say what is wrong, where, and what to do."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from journeys.fixture import CATALOGUE, cost, price, product, stock
from support.cli_runner import printed_json, run
from support.live_server import KEY, LiveServer

PRODUCT = """<script type="application/ld+json">
{"@context": "https://schema.org", "@graph": [{"@type": "WebPage"},
 {"@type": ["Product", "Thing"], "sku": "RUN-42", "name": "Aero Runner"}]}</script>"""


class Site:
    """A shop's page that can be changed between requests."""

    def __init__(self) -> None:
        self.html = ""
        self.headers: dict[str, str] = {}
        self.status = 200
        self.origin = ""


@contextmanager
def served() -> Iterator[Site]:
    site = Site()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path == "/old" else site.status)
            if self.path == "/old":
                self.send_header("Location", "/new")
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(site.html.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    site.origin = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def shop(tmp_path: Path, *, welcome: bool = True) -> AsyncIterator[tuple[Site, str]]:
    """A page with the widget's tag, and its server."""
    with served() as site:
        one = LiveServer(tmp_path, "")
        one.config = replace(one.config, origins=(site.origin,) if welcome else ())
        await one.start()
        try:
            url = f"http://127.0.0.1:{one.listener.port}"
            site.html = f'<html><script async src="{url}/widget/v1.js" data-territory="DE"></script>{PRODUCT}'
            yield site, url
        finally:
            await one.stop()


async def seen(url: str, *words: str) -> list[tuple[str, str, str]]:
    result = await asyncio.to_thread(run, "doctor", url, "--json", *words)
    found = [(one["level"], one["what"], one["advice"]) for one in printed_json(result)]
    assert result.exit_code == int(any(level == "bad" for level, _, _ in found))
    return found


async def bad(url: str, *words: str) -> list[str]:
    return [
        f"{what}: {advice}" for level, what, advice in await seen(url, *words) if level == "bad"
    ]


async def test_a_page_without_problems_passes_every_check(tmp_path: Path) -> None:
    async with shop(tmp_path) as (site, _):
        found = await seen(f"{site.origin}/p/run")
        assert {level for level, _, _ in found} == {"good"}
        said = " | ".join(what for _, what, _ in found)
        for part in (
            "the script tag for territory DE",
            "about the product RUN-42",
            "clock is right",
            "session opens from",
        ):
            assert part in said


async def test_an_origin_that_is_not_allowed_is_reported_with_the_setting(tmp_path: Path) -> None:
    async with shop(tmp_path, welcome=False) as (site, _):
        (problem,) = await bad(site.origin)
        assert f"Add {site.origin} to the setting origins (TACTFUL_ORIGINS)." in problem


async def test_a_policy_that_blocks_is_reported_with_what_to_allow(tmp_path: Path) -> None:
    async with shop(tmp_path) as (site, url):
        site.headers["Content-Security-Policy"] = "default-src 'self'"
        (problem,) = await bad(site.origin)
        assert f"script-src {url}" in problem
        assert f"connect-src {url.replace('http', 'ws')}" in problem
        site.headers["Content-Security-Policy"] = f"script-src {url}; connect-src {url}"
        assert await bad(site.origin) == []


async def test_a_page_without_the_tag_or_with_two_is_reported(tmp_path: Path) -> None:
    async with shop(tmp_path) as (site, url):
        tag = site.html
        site.html = "<html>"
        assert "tactful snippet" in (await bad(site.origin, "--server", url))[0]
        site.html = tag + tag
        assert "Remove all but one." in (await bad(site.origin))[0]


async def test_a_wrong_integrity_and_a_product_without_a_sku_are_reported(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as (site, _):
        site.html = site.html.replace("async", 'integrity="sha384-AAAA"').replace(
            '"RUN-42"', "null"
        )
        sku, integrity = await bad(site.origin)
        assert "Add its `sku`" in sku
        assert "hash does not match" in integrity


async def test_a_server_that_is_down_is_reported_for_the_script_and_for_the_server() -> None:
    with served() as site:
        site.html = '<script src="http://127.0.0.1:9/widget/v1.js"></script>'
        problems = await bad(site.origin)
        assert len(problems) == 2
        assert all("does not respond" in problem for problem in problems)


async def test_a_broken_json_ld_block_is_reported() -> None:
    with served() as site:
        site.html = PRODUCT.replace("{", "{,", 1)
        assert any("Broken ld+json" in problem for problem in await bad(site.origin))


def test_a_page_that_cannot_be_fetched_ends_the_checks() -> None:
    result = run("doctor", "http://127.0.0.1:9/")
    assert (result.exit_code, "does not respond" in result.output) == (2, True)
    assert "is not an http(s) URL" in run("doctor", "shop.example").output
    with served() as site:
        site.status = 404
        assert "responds with status 404" in run("doctor", site.origin).output


async def test_redirections_are_followed() -> None:
    with served() as site:
        found = await seen(f"{site.origin}/old")
        assert found[0][1] == f"The page responds at {site.origin}/new."


async def test_the_server_explains_the_pages_item_when_asked(tmp_path: Path) -> None:
    async with shop(tmp_path) as (site, _):
        words = ("doctor", site.origin, "--explain")
        result = await asyncio.to_thread(run, *words, TACTFUL_SERVER_KEY=KEY)
        assert (result.exit_code, "nothing about the SKU RUN-42" in result.output) == (1, True)
        result = await asyncio.to_thread(run, *words)
        assert (result.exit_code, "TACTFUL_SERVER_KEY" in result.output) == (2, True)


ABOUT_A_LAMP = [product("LAMP-1", "Lamp", None, "running"), price("LAMP-1", "DE", 12900, 9900)]
LAMP = PRODUCT.replace("RUN-42", "LAMP-1")
CAUSES: dict[str, tuple[tuple[str, str], list[dict[str, Any]], str]] = {
    "no consent": (("async", 'async data-consent="none"'), CATALOGUE, "data-consent=none"),
    "two products": ((PRODUCT, PRODUCT + LAMP), CATALOGUE, "describes several products"),
    "another page's product": (
        ('"sku"', '"url": "/p/other", "sku"'), CATALOGUE, "Set aside: ",
    ),
    "no price here": (('data-territory="DE"', 'data-territory="FR"'), CATALOGUE, "no price in FR"),
    "no cost": ((PRODUCT, LAMP), [*ABOUT_A_LAMP, stock("LAMP-1", "DE", 3)], "has no cost in DE"),
    "no stock": ((PRODUCT, LAMP), [*ABOUT_A_LAMP, *cost("LAMP-1", 100)], "No stock of LAMP-1"),
    "out of stock": (("", ""), [*CATALOGUE, stock("RUN-42", "DE", 0)], "out of stock in DE"),
    "no rule": (("", ""), CATALOGUE, "No rule is about RUN-42."),
    "the page is cheaper": (
        ('"name"', '"offers": {"price": "99.00", "priceCurrency": "EUR"}, "name"'),
        CATALOGUE, "price.disagrees",
    ),
    "gone": (
        ("", ""), [*CATALOGUE, {"type": "gone", "of": "product", "sku": "RUN-42"}], "reported as gone",
    ),
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
async def test_each_planted_cause_is_named(tmp_path: Path, cause: str) -> None:
    (before, after), facts, expected = CAUSES[cause]
    async with shop(tmp_path) as (site, url):
        site.html = site.html.replace(before, after) if before else site.html
        key = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=url, headers=key) as http:
            assert (await http.post("/v1/facts", json=facts)).json()["rejected"] == []
        result = await asyncio.to_thread(
            run, "doctor", site.origin, "--explain", TACTFUL_SERVER_KEY=KEY
        )
        assert (result.exit_code, expected in result.output) == (1, True), result.output
