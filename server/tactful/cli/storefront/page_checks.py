"""Checks of a page: script tag, products, security policy, server, clock and session."""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from tactful.cli.storefront.content_security_policy import allows
from tactful.cli.storefront.page_parser import ScannedPage, ScriptTag, parse_page
from tactful.cli.storefront.page_verdict import PageVerdict, judge_page
from tactful.connectors.egress_client import MAX_REDIRECTS, EgressClient, EgressError

Level = Literal["good", "note", "bad"]
TIMEOUT_S: Final = 10
"""Seconds to wait for a response: a page that takes longer fails for shoppers, too."""
MAX_PAGE_BYTES: Final = 8 * 1024 * 1024
"""Bytes of a response that are read."""
_MAX_CLOCK_DIFFERENCE_S: Final = 60
_ALLOW_WEBSOCKETS: Final = "Allow WebSockets in every proxy between the browser and the server."


class CheckResult(Struct, frozen=True):
    """The result of one check."""

    level: Level
    what: str
    """What was found."""
    advice: str = ""
    """What to do about it; empty: nothing."""


class UnreachableError(Exception):
    """A URL cannot be fetched; the text says which and why."""


class PageResponse(Struct, frozen=True):
    """An HTTP response."""

    url: str
    """URL at the end of all redirections."""
    status: int
    headers: dict[str, str]
    """Lower-case name → value; the values of a repeated header are separated by line breaks."""
    body: bytes
    """At most `MAX_PAGE_BYTES`; empty for a switch of protocols."""


def fetch(
    client: EgressClient,
    url: str,
    headers: dict[str, str] | None = None,
    *,
    follow: int = MAX_REDIRECTS,
) -> PageResponse:
    """Fetch a URL with GET, and follow its redirects within its host.

    Args:
        client: The client, which knows which addresses may be reached.
        url: An http or https URL.
        headers: Further request headers.
        follow: How many redirects may be followed.

    Raises:
        UnreachableError: The URL must not be fetched, or nothing responds.
    """
    wanted = {"User-Agent": "tactful-doctor", **(headers or {})}
    try:
        with client.get(url, wanted, timeout=TIMEOUT_S, follow=follow) as answer:
            found: dict[str, str] = {}
            for name, value in answer.headers:
                before = found.get(name.lower())
                found[name.lower()] = f"{before}\n{value}" if before else value
            parts = () if answer.status == 101 else answer.chunks(MAX_PAGE_BYTES)
            body = b"".join(parts)[:MAX_PAGE_BYTES]
            return PageResponse(answer.url, answer.status, found, body)
    except EgressError as error:
        raise UnreachableError(str(error)) from error


Ask = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Asks a server (URL) what it knows of a page's item, and returns its diagnosis."""


def run_checks(
    url: str, server: str | None, allow: Sequence[str] = (), ask: Ask | None = None
) -> Iterator[CheckResult]:
    """Yield the result of every check that needs no browser.

    Args:
        url: URL of the page.
        server: URL of the server; None: the server of the page's script tag.
        allow: Private networks that may be reached besides the hosts of `url` and `server`.
        ask: Asks the server about the page's item; None: it is not asked.

    Raises:
        UnreachableError: The page cannot be fetched.
    """
    client = EgressClient(allow=allow, typed=[url, server or url])
    answer = fetch(client, url)
    if answer.status >= 400:
        raise UnreachableError(
            f"{answer.url} responds with status {answer.status}. Name a page that exists."
        )
    policies = answer.headers.get("content-security-policy", "").split("\n")
    html = answer.body.decode("utf-8", "replace")
    page = parse_page(answer.url, html, [policy for policy in policies if policy])
    yield CheckResult("good", f"The page responds at {page.url}.")
    yield from _check_script_tags(page)
    verdict = judge_page(page)
    yield from _check_product(page, verdict)
    script = page.scripts[0] if page.scripts else None
    where = server or (_server_of(script) if script else None)
    if where is None:
        yield CheckResult(
            "note",
            "The page does not name the Tactful server.",
            "Name it with --url, so that it can be checked.",
        )
        return
    if script:
        yield from _check_script(client, script)
    yield from _check_policy(page, script, where)
    yield from _check_server(client, page, where)
    if ask:
        yield from _check_item(ask, where, page, verdict)


def _check_script_tags(page: ScannedPage) -> Iterator[CheckResult]:
    if not page.scripts:
        advice = (
            "Add the tag that `tactful snippet` prints. This check does not see a tag that a tag "
            "manager adds later."
        )
        yield CheckResult("bad", "The page has no script tag of the widget.", advice)
    elif len(page.scripts) > 1:
        count = len(page.scripts)
        yield CheckResult(
            "bad", f"The page has {count} script tags of the widget.", "Remove all but one."
        )
    else:
        territory = page.scripts[0].territory
        where = f" for territory {territory}" if territory else ""
        yield CheckResult("good", f"The page has the script tag{where}.")
        if page.scripts[0].consent == "none":
            yield CheckResult(
                "bad",
                "The script tag says data-consent=none: the widget asks for no offers.",
                "Remove the attribute, or call tactful('consent', level) when the shopper agrees.",
            )


def _check_product(page: ScannedPage, verdict: PageVerdict) -> Iterator[CheckResult]:
    for problem in verdict.broken:
        yield CheckResult("bad", f"Broken ld+json: {problem}", "Correct the page's template.")
    if verdict.product is not None:
        name = verdict.product.sku or verdict.product.ident
        yield CheckResult("good", f"The page is about the product {name} ({verdict.source}).")
        # What Google's layer says is trusted less than markup and names no SKU.
        if any(one != "dataLayer" for one in page.speaking):
            yield _only_in_the_browser(page)
        return
    if page.speaking:
        yield _only_in_the_browser(page)
    if verdict.aside:
        yield CheckResult(
            "bad",
            f"Set aside: {verdict.aside[0]}",
            "The only product has that URL, which is another page's. Correct its `url`.",
        )
    elif verdict.several:
        yield CheckResult(
            "bad",
            f"The page describes several products: {', '.join(verdict.several)}.",
            "Add each product's `url`, or call tactful('view', sku) on the page.",
        )
    elif verdict.nameless:
        yield CheckResult(
            "bad",
            "The page describes a product without a SKU or another identifier.",
            "Add its `sku`: facts and offers refer to it.",
        )
    elif not page.speaking:
        yield CheckResult(
            "note",
            "The page describes no product in JSON-LD, microdata or OpenGraph.",
            "On a product page, add one, or check in the browser that the widget finds the product.",
        )


def _only_in_the_browser(page: ScannedPage) -> CheckResult:
    return CheckResult(
        "note",
        f"Scripts of the page name a product: {', '.join(page.speaking)}.",
        "This check runs no scripts. Enter tactful('doctor') in the browser's console.",
    )


def _check_item(
    ask: Ask, server: str, page: ScannedPage, verdict: PageVerdict
) -> Iterator[CheckResult]:
    """Yield what the server says about the page's item, as `doctor` says it in the browser."""
    question: dict[str, Any] = {"url": page.url}
    if verdict.product:
        question["sku"] = verdict.product.sku or verdict.product.ident
    if verdict.price:
        question["price"] = verdict.price
    if page.scripts and page.scripts[0].territory:
        question["territory"] = page.scripts[0].territory
    answer = ask(server, question)
    if answer["known"]:
        where = f" in {answer['territory']}" if answer["territory"] else ""
        yield CheckResult("good", f"The server knows {answer['sku']}{where}.")
    for text in answer["advice"]:
        yield CheckResult("bad", text)


def _server_of(script: ScriptTag) -> str:
    return script.server.rstrip("/") or script.url.partition("/widget/")[0]


def _check_script(client: EgressClient, script: ScriptTag) -> Iterator[CheckResult]:
    try:
        answer = fetch(client, script.url)
    except UnreachableError as error:
        yield CheckResult(
            "bad", str(error), "Check the URL in the script tag, and that the server is running."
        )
        return
    kind = answer.headers.get("content-type", "")
    if answer.status != 200 or "javascript" not in kind:
        yield CheckResult(
            "bad",
            f"{script.url} responds with status {answer.status} and type {kind or 'none'}.",
            "Check the URL in the script tag.",
        )
    elif script.integrity and not _has_integrity(script.integrity, answer.body):
        yield CheckResult(
            "bad",
            "The tag's integrity hash does not match the file.",
            "Replace the tag by the one that `tactful snippet --pinned` prints.",
        )
    else:
        yield CheckResult("good", f"The script loads: {len(answer.body):,} bytes.")


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
            "bad",
            "The page is on https and the server on http, which browsers block.",
            "Serve both on https.",
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
            "bad",
            "The Content-Security-Policy blocks the widget.",
            f"Allow {'; '.join(refused)}",
        )
    else:
        yield CheckResult("good", "The Content-Security-Policy allows the widget.")


def _check_server(client: EgressClient, page: ScannedPage, server: str) -> Iterator[CheckResult]:
    before = time.monotonic()
    try:
        health = fetch(client, f"{server}/healthz")
    except UnreachableError as error:
        yield CheckResult(
            "bad", str(error), "Start the server with `tactful serve`, or correct its URL."
        )
        return
    if health.status != 200:
        yield CheckResult(
            "bad",
            f"{server}/healthz responds with status {health.status}.",
            "Read the server's log.",
        )
        return
    yield CheckResult(
        "good", f"The server responds in {1000 * (time.monotonic() - before):.0f} ms."
    )
    yield from _check_clock(health, time.time())
    yield from _check_session(client, page, server)


def _check_clock(health: PageResponse, now: float) -> Iterator[CheckResult]:
    stated = health.headers.get("date")
    if stated is None:
        return
    apart = parsedate_to_datetime(stated).timestamp() - now
    if abs(apart) > _MAX_CLOCK_DIFFERENCE_S:
        yield CheckResult(
            "bad",
            f"The server's clock differs from this machine's by {apart:+.0f} s.",
            "Synchronise both clocks: offers and identity tokens end by them.",
        )
    else:
        yield CheckResult("good", "The server's clock is right.")


def _check_session(client: EgressClient, page: ScannedPage, server: str) -> Iterator[CheckResult]:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol": "tactful.v1",
        "Origin": page.origin,
    }
    try:
        answer = fetch(client, f"{server}/v1/session", headers, follow=0)
    except UnreachableError as error:
        yield CheckResult("bad", f"No session opens: {error}", _ALLOW_WEBSOCKETS)
        return
    match answer.status:
        case 101:
            yield CheckResult("good", f"A session opens from {page.origin}.")
        case 403:
            yield CheckResult(
                "bad",
                f"The server refuses sessions from {page.origin}.",
                f"Add {page.origin} to the setting origins (TACTFUL_ORIGINS).",
            )
        case status:
            yield CheckResult(
                "bad",
                f"No session opens: the server responds with status {status}.",
                _ALLOW_WEBSOCKETS,
            )
