"""Pages of the rules: the list, one rule, the difference of versions, the rollback."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.console import queries
from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.audit_words import ACT_WORDS, VALUE_WORDS
from tactful.console.rendering import PageError
from tactful.console.rule_views import pauses_of, rule_views
from tactful.core.values.phrases import phrase
from tactful.rulebook.authoring.describe import describe_prohibitions
from tactful.runtime.ports.operator_actions import ActionFilter

PAGE: Final = "/console/rules"
MAX_VERSIONS: Final = 15
"""Versions that a page lists."""
MAX_HISTORY: Final = 5
"""Changes of its meaning that the page of a rule shows."""
MAX_ACTIONS: Final = 20
"""Actions on a rule that its page shows."""


class RuleChange(Struct, frozen=True):
    """A version of the rulebook that changed a rule."""

    version: str
    at: int
    """Milliseconds since the Unix epoch, UTC."""
    who: str
    """The operator; empty: a changed file, or it is too long ago."""
    lines: tuple[str, ...]
    """The differences in words."""


def rule_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of the pages; `action_routes` has the forms."""
    pages = _RulePages(access)
    return [
        Route(PAGE, access.page_endpoint(pages.listing, "see"), methods=["GET"]),
        Route(f"{PAGE}/{{id}}", access.page_endpoint(pages.rule, "see"), methods=["GET"]),
        Route(
            "/console/rulebook/compare", access.page_endpoint(pages.compare, "see"), methods=["GET"]
        ),
        Route(
            "/console/rulebook/rollback",
            access.page_endpoint(pages.rollback, "rules"),
            methods=["GET"],
        ),
    ]


class _RulePages:
    def __init__(self, access: ConsoleAccess) -> None:
        self._access = access
        self._shop = access.shop
        self._versions = access.versions

    async def listing(self, page_request: ConsoleRequest) -> Response:
        """Show the rules with their states, and the versions."""
        active = self._shop.state.active_rulebook
        return self._access.render(
            page_request,
            "rules.html",
            rulebook=active.current.version,
            since=active.activated_at,
            trouble=active.problem,
            refused=active.diagnostics,
            rules=await rule_views(self._shop, await self._notes()),
            pauses=await pauses_of(self._shop),
            break_evens=await queries.break_evens(self._shop),
            prohibitions=describe_prohibitions(active.current),
            versions=(await self._shop.ledger.rulebooks())[:MAX_VERSIONS],
        )

    async def rule(self, page_request: ConsoleRequest) -> Response:
        """Show what one rule does, what became of its offers, and who changed it."""
        wanted = page_request.http_request.path_params["id"]
        views = await rule_views(self._shop, await self._notes())
        view = next((one for one in views if one.id == wanted), None)
        if view is None:
            problem = phrase(
                "The active rulebook has no rule {rule}. Open the rules again.", rule=wanted
            )
            raise PageError(404, problem)
        version = self._shop.state.active_rulebook.current.version
        path, text = await self._versions.rule_text(version, wanted)
        actions = await self._shop.ledger.audit_entries(
            ActionFilter(subject=wanted), limit=MAX_ACTIONS
        )
        standing = [
            offer
            for live in self._shop.state.registry
            for offer in live.state.offers
            if offer.standing and offer.rule == wanted
        ]
        return self._access.render(
            page_request,
            "rule.html",
            rule=view,
            words=await self._versions.rule_words(version, wanted),
            file=path,
            text=text,
            standing=standing,
            break_even=(await queries.break_evens(self._shop)).get(wanted, []),
            history=await self._history(wanted),
            actions=[one.action for one in actions],
            act_words=ACT_WORDS,
            value_words=VALUE_WORDS,
            paused=(await pauses_of(self._shop)).get(wanted),
        )

    async def compare(self, page_request: ConsoleRequest) -> Response:
        """Show the difference of two versions in words."""
        query = page_request.http_request.query_params
        old, new = query.get("from", ""), query.get("to", "")
        lines = await self._versions.changes(old, new)
        if lines is None:
            raise PageError(
                404, phrase("One of these versions was never active. Open the rules again.")
            )
        return self._access.render(page_request, "compare.html", old=old, new=new, lines=lines)

    async def rollback(self, page_request: ConsoleRequest) -> Response:
        """Show what a rollback would change, with the form that does it."""
        active = self._shop.state.active_rulebook.current.version
        before = await self._versions.before(active)
        lines = await self._versions.changes(active, before) if before else None
        return self._access.render(
            page_request, "rollback.html", active=active, before=before, lines=lines or []
        )

    async def _notes(self) -> Mapping[str, str]:
        """Return rule → the note of its file."""
        compiled = await self._versions.compiled(self._shop.state.active_rulebook.current.version)
        found = compiled.files.rules if compiled else ()
        return {one.id: str(one.get("note")) for one in found if one.get("note")}

    async def _history(self, rule: str) -> list[RuleChange]:
        """Return the latest versions that changed a rule, the newest first."""
        shown: list[RuleChange] = []
        versions = (await self._shop.ledger.rulebooks())[:MAX_VERSIONS]
        mark = f"rule '{rule}'"
        for (new, at, _), (old, _, _) in itertools.pairwise(versions):
            lines = await self._versions.changes(old, new) or []
            mine = tuple(
                line.removeprefix(mark).lstrip(": ") for line in lines if line.startswith(mark)
            )
            if mine:
                shown.append(RuleChange(new, at, await self._who(new, at), mine))
            if len(shown) == MAX_HISTORY:
                break
        return shown

    async def _who(self, version: str, at: int) -> str:
        """Return who activated a version at an instant (ms since the Unix epoch); empty: a file did."""
        wanted = ActionFilter(subject=version, since=at)
        entries = await self._shop.ledger.audit_entries(wanted, limit=MAX_ACTIONS)
        acts = {"rulebook.reloaded", "rulebook.rolled_back"}
        found = [one.action for one in entries if one.action.act in acts]
        first = found[-1] if found else None
        return first.who if first and first.after.get("rulebook") == version else ""


def rule_path(rule: str) -> str:
    """Return the path of the page of a rule."""
    return f"{PAGE}/{quote(rule, safe='')}"
