"""Will the widget work on this page, and if not, what is to be done?"""

import base64
import hashlib
import os
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from tactful.cli.storefront.page_parser import ScannedPage, ScriptTag, allows, parse_page

Level = Literal["good", "note", "bad"]
TIMEOUT_S: Final = 10
MAX_PAGE_BYTES: Final = 8 * 1024 * 1024
"""Bytes of a page that are read."""
_MAX_CLOCK_DIFFERENCE_S: Final = 60
_MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class CheckResult(Struct, frozen=True):
    """One thing that was looked at; `advice` says what to do about it."""

    level: Level
    what: str
    advice: str = ""


class UnreachableError(Exception):
    """A URL that does not answer; the text says how."""


class PageResponse(Struct, frozen=True):
    """What came back: the last URL, the status, lower-case headers, the body."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes


def fetch(
    url: str, headers: dict[str, str] | None = None, *, follow: int = _MAX_REDIRECTS
) -> PageResponse:
    """GET a URL, along its redirections; Unreachable when nothing comes."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UnreachableError(f"{url!r} is no http(s) URL")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT_S)
    try:
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.request(
            "GET", target, headers={"User-Agent": "tactful-doctor", **(headers or {})}
        )
        answer = connection.getresponse()
        found = _response(url, answer)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreachableError(f"{url} does not answer: {reason}") from error
    finally:
        connection.close()
    if found.status in _REDIRECTS and follow and found.headers.get("location"):
        return fetch(urljoin(url, found.headers["location"]), headers, follow=follow - 1)
    return found


def _response(url: str, answer: HTTPResponse) -> PageResponse:
    headers: dict[str, str] = {}
    for name, value in answer.getheaders():
        before = headers.get(name.lower())
        headers[name.lower()] = f"{before}\n{value}" if before else value
    body = b"" if answer.status == 101 else answer.read(MAX_PAGE_BYTES)
    return PageResponse(url, answer.status, headers, body)


def run_checks(url: str, server: str | None) -> Iterator[CheckResult]:
    """Everything that can be said without a browser; Unreachable when the page does not answer."""
    answer = fetch(url)
    if answer.status >= 400:
        raise UnreachableError(f"{answer.url} answers {answer.status}")
    policies = answer.headers.get("content-security-policy", "").split("\n")
    html = answer.body.decode("utf-8", "replace")
    page = parse_page(answer.url, html, [policy for policy in policies if policy])
    yield CheckResult("good", f"the page answers at {page.url}")
    yield from _check_script_tags(page)
    yield from _check_products(page)
    script = page.scripts[0] if page.scripts else None
    where = server or (_server_of(script) if script else None)
    if where is None:
        yield CheckResult(
            "note", "the server is not known", "name it with --server to have it examined"
        )
        return
    if script:
        yield from _check_script(script)
    yield from _check_policy(page, script, where)
    yield from _check_server(page, where)


def _check_script_tags(page: ScannedPage) -> Iterator[CheckResult]:
    if not page.scripts:
        advice = (
            "paste what `tactful snippet` prints; a tag manager that adds it later is not seen here"
        )
        yield CheckResult("bad", "no script tag of the widget", advice)
    elif len(page.scripts) > 1:
        yield CheckResult("bad", f"{len(page.scripts)} script tags of the widget", "leave one")
    else:
        where = page.scripts[0].territory
        yield CheckResult("good", f"the script tag{f' for {where}' if where else ''}")


def _check_products(page: ScannedPage) -> Iterator[CheckResult]:
    if page.broken_json:
        yield CheckResult(
            "bad", f"{page.broken_json} JSON-LD blocks are not JSON", "mend the template"
        )
    if not page.products:
        yield CheckResult(
            "note",
            "no product in JSON-LD",
            "fine on pages without one; else the widget looks further in the browser",
        )
    for product in page.products:
        advice = "" if product.sku else "add its `sku`: facts and offers go by it"
        yield CheckResult(
            "good" if product.sku else "bad",
            f"product {product.name!r}, SKU {product.sku or 'missing'}",
            advice,
        )


def _server_of(script: ScriptTag) -> str:
    return script.server or script.url.partition("/widget/")[0]


def _check_script(script: ScriptTag) -> Iterator[CheckResult]:
    try:
        answer = fetch(script.url)
    except UnreachableError as error:
        yield CheckResult(
            "bad", str(error), "check the address in the tag, and that the server runs"
        )
        return
    kind = answer.headers.get("content-type", "")
    if answer.status != 200 or "javascript" not in kind:
        yield CheckResult(
            "bad", f"{script.url} answers {answer.status} {kind}", "check the tag's address"
        )
    elif script.integrity and not _has_integrity(script.integrity, answer.body):
        yield CheckResult(
            "bad",
            "the tag's integrity does not fit the file",
            "take what `tactful snippet --pinned` prints",
        )
    else:
        yield CheckResult("good", f"the script, {len(answer.body):,} bytes")


def _has_integrity(integrity: str, body: bytes) -> bool:
    hashes = {
        name: base64.b64encode(hashlib.new(name, body).digest()).decode()
        for name in ("sha256", "sha384", "sha512")
    }
    return any(
        each.partition("-")[2] == hashes.get(each.partition("-")[0]) for each in integrity.split()
    )


def _check_policy(
    page: ScannedPage, script: ScriptTag | None, server: str
) -> Iterator[CheckResult]:
    if page.url.startswith("https:") and not server.startswith("https:"):
        yield CheckResult(
            "bad", "a page on https with a server on http", "browsers block it: serve both on https"
        )
    if not page.policies:
        return
    socket = "ws" + server.removeprefix("http")
    wanted = [("connect-src", server, ""), ("connect-src", socket, "")]
    if script:
        wanted.insert(0, ("script-src", script.url, script.nonce))
    refused = [
        f"{directive} {urlsplit(url).scheme}://{urlsplit(url).netloc}"
        for directive, url, nonce in wanted
        if not allows(page.policies, directive, url, page.url, nonce)
    ]
    if refused:
        yield CheckResult(
            "bad", "the Content-Security-Policy blocks the widget", f"allow {'; '.join(refused)}"
        )
    else:
        yield CheckResult("good", "the Content-Security-Policy lets the widget through")


def _check_server(page: ScannedPage, server: str) -> Iterator[CheckResult]:
    before = time.time()
    try:
        health = fetch(f"{server}/healthz")
    except UnreachableError as error:
        yield CheckResult("bad", str(error), "start it with `tactful serve`, or mend the address")
        return
    if health.status != 200:
        yield CheckResult(
            "bad", f"{server}/healthz answers {health.status}", "look into the server's log"
        )
        return
    yield CheckResult("good", f"the server answers in {1000 * (time.time() - before):.0f} ms")
    yield from _check_clock(health, time.time())
    yield from _check_session(page, server)


def _check_clock(health: PageResponse, now: float) -> Iterator[CheckResult]:
    stated = health.headers.get("date")
    if stated is None:
        return
    apart = parsedate_to_datetime(stated).timestamp() - now
    if abs(apart) > _MAX_CLOCK_DIFFERENCE_S:
        yield CheckResult(
            "bad",
            f"the server's clock is {apart:+.0f} s off this one",
            "synchronise it: offers and identities end by it",
        )
    else:
        yield CheckResult("good", "the clock")


def _check_session(page: ScannedPage, server: str) -> Iterator[CheckResult]:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol": "tactful.v1",
        "Origin": page.origin,
    }
    try:
        answer = fetch(f"{server}/v1/session", headers, follow=0)
    except UnreachableError as error:
        yield CheckResult(
            "bad", f"no session: {error}", "let WebSockets through every proxy on the way"
        )
        return
    match answer.status:
        case 101:
            yield CheckResult("good", f"a session opens from {page.origin}")
        case 403:
            yield CheckResult(
                "bad",
                f"the server refuses pages of {page.origin}",
                f"add {page.origin} to TACTFUL_ORIGINS",
            )
        case status:
            yield CheckResult(
                "bad",
                f"no session: the server answers {status}",
                "let WebSockets through every proxy on the way",
            )
