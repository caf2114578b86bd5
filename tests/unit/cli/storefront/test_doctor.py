"""`tactful doctor` says what a page lacks, where, and what to do."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace

from support.cli_runner import printed_json, run
from support.live_server import LiveServer
from tactful.cli.storefront.page_parser import allows, parse_page

PAGE = "https://shop.example/p/run"
SERVER = "https://offers.shop.example"
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


async def test_a_healthy_page_is_found_healthy(tmp_path: Path) -> None:
    async with shop(tmp_path) as (site, _):
        found = await seen(f"{site.origin}/p/run")
        assert {level for level, _, _ in found} == {"good"}
        said = " | ".join(what for _, what, _ in found)
        for part in ("the script tag for DE", "SKU RUN-42", "the clock", "a session opens from"):
            assert part in said


async def test_an_origin_that_is_not_on_the_list_is_told_with_the_setting(tmp_path: Path) -> None:
    async with shop(tmp_path, welcome=False) as (site, _):
        (problem,) = await bad(site.origin)
        assert f"add {site.origin} to TACTFUL_ORIGINS" in problem


async def test_a_policy_that_blocks_is_told_with_what_to_allow(tmp_path: Path) -> None:
    async with shop(tmp_path) as (site, url):
        site.headers["Content-Security-Policy"] = "default-src 'self'"
        (problem,) = await bad(site.origin)
        assert f"script-src {url}" in problem
        assert f"connect-src {url.replace('http', 'ws')}" in problem
        site.headers["Content-Security-Policy"] = f"script-src {url}; connect-src {url}"
        assert await bad(site.origin) == []


async def test_a_page_without_the_tag_or_with_two_is_told(tmp_path: Path) -> None:
    async with shop(tmp_path) as (site, url):
        tag = site.html
        site.html = "<html>"
        assert "tactful snippet" in (await bad(site.origin, "--server", url))[0]
        site.html = tag + tag
        assert "leave one" in (await bad(site.origin))[0]


async def test_an_integrity_that_does_not_fit_and_a_product_without_sku_are_told(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as (site, _):
        site.html = site.html.replace("async", 'integrity="sha384-AAAA"').replace(
            '"RUN-42"', "null"
        )
        sku, integrity = await bad(site.origin)
        assert "add its `sku`" in sku
        assert "integrity does not fit" in integrity


async def test_a_server_that_is_down_is_told_once_for_each_way_to_it() -> None:
    with served() as site:
        site.html = '<script src="http://127.0.0.1:9/widget/v1.js"></script>'
        problems = await bad(site.origin)
        assert len(problems) == 2
        assert all("does not answer" in problem for problem in problems)


async def test_broken_json_ld_is_told() -> None:
    with served() as site:
        site.html = PRODUCT.replace("{", "{,", 1)
        assert any("not JSON" in problem for problem in await bad(site.origin))


def test_a_page_that_does_not_answer_ends_the_examination() -> None:
    result = run("doctor", "http://127.0.0.1:9/")
    assert (result.exit_code, "does not answer" in result.output) == (2, True)
    assert "is no http(s) URL" in run("doctor", "shop.example").output
    with served() as site:
        site.status = 404
        assert "answers 404" in run("doctor", site.origin).output


async def test_redirections_are_followed() -> None:
    with served() as site:
        found = await seen(f"{site.origin}/old")
        assert found[0][1] == f"the page answers at {site.origin}/new"


def test_for_people_the_advice_stands_below_what_was_seen() -> None:
    with served() as site:
        lines = run("doctor", site.origin).output.splitlines()
        assert lines[0].startswith("ok    the page answers")
        assert lines[1] == "bad   no script tag of the widget"
        assert lines[2].startswith("      paste what `tactful snippet` prints")


@pytest.mark.parametrize(
    ("policy", "directive", "url", "allowed"),
    [
        ("", "script-src", SERVER, True),
        ("script-src *", "script-src", SERVER, True),
        ("script-src https:", "script-src", SERVER, True),
        ("script-src 'self'", "script-src", SERVER, False),
        ("default-src 'self'; script-src offers.shop.example", "script-src", SERVER, True),
        ("script-src *.shop.example", "script-src", SERVER, True),
        ("script-src *.shop.example", "script-src", "https://shop.example", False),
        ("script-src https://offers.shop.example:8443", "script-src", SERVER, False),
        (
            "script-src https://offers.shop.example/widget/",
            "script-src",
            f"{SERVER}/widget/v1.js",
            True,
        ),
        (
            "script-src https://offers.shop.example/other/",
            "script-src",
            f"{SERVER}/widget/v1.js",
            False,
        ),
        ("script-src-elem 'none'; script-src *", "script-src", SERVER, False),
        ("script-src 'nonce-n1' 'strict-dynamic'", "script-src", SERVER, True),
        ("script-src 'nonce-n2' 'strict-dynamic' https:", "script-src", SERVER, False),
        (
            "connect-src https://offers.shop.example",
            "connect-src",
            "wss://offers.shop.example",
            True,
        ),
        ("connect-src wss://offers.shop.example", "connect-src", SERVER, False),
        ("connect-src 'self'", "connect-src", "wss://shop.example", True),
    ],
)
def test_a_content_security_policy_is_read_as_browsers_read_it(
    policy: str, directive: str, url: str, *, allowed: bool
) -> None:
    assert allows((policy,), directive, url, PAGE, nonce="n1") is allowed


def test_of_several_policies_each_must_allow() -> None:
    assert not allows(("script-src *", "script-src 'self'"), "script-src", SERVER, PAGE)


def test_a_policy_in_the_page_and_variants_of_a_product_group_are_read() -> None:
    html = """<base href="https://cdn.example/"><meta http-equiv="Content-Security-Policy"
      content="script-src 'self'"><script src="/widget/v1.js" nonce="n"></script>
      <script type="application/ld+json">[{"@type": "ProductGroup", "productGroupID": "RUN",
      "hasVariant": [{"@type": "https://schema.org/Product", "sku": "RUN-42"}]}]</script>"""
    assert parse_page(PAGE, html.replace("v1.js", "v0.1.0.js"), []).scripts[0].nonce == "n"
    page = parse_page(PAGE, html, [])
    assert page.policies == ("script-src 'self'",)
    assert [product.sku for product in page.products] == ["RUN", "RUN-42"]
    assert page.scripts[0].url == "https://cdn.example/widget/v1.js"
    assert page.origin == "https://shop.example"
