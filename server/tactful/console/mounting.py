"""Addresses of the console in an application that is mounted under a prefix."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.console.languages import in_language, wanted_language

HOME: Final = "/console"
_LINK: Final = re.compile(rb'(href|src|action)="(/console)')


def under_its_prefix(route: BaseRoute) -> BaseRoute:
    """Return a route whose links and redirects begin with the prefix of the mount.

    Its pages speak the language of the browser, until the login says another one.

    The pages are written for an application at the root of its host. Under `app.mount("/offers", …)`
    their links would leave the application.
    """
    if not isinstance(route, Route):
        return route
    endpoint = route.endpoint

    async def mounted(request: Request) -> Response:
        with in_language(wanted_language(request.headers.get("accept-language"))):
            response: Response = await endpoint(request)
        response.headers.setdefault("Vary", "Accept-Language, Cookie")
        prefix = str(request.scope.get("root_path", ""))
        if not prefix:
            return response
        location = response.headers.get("location", "")
        if location.startswith("/console"):
            response.headers["location"] = prefix + location
        if isinstance(response, HTMLResponse):
            response.body = _LINK.sub(rb'\1="%s\2' % prefix.encode(), response.body)
            response.headers["content-length"] = str(len(response.body))
        return response

    return Route(route.path, mounted, methods=list(route.methods or ()))


def path_of(request: Request) -> str:
    """Return the path of a request without the prefix under which the application is mounted."""
    return request.url.path.removeprefix(request.scope.get("root_path", ""))


def path_inside(wanted: str | None) -> str:
    """Return `wanted` if it is a path of the console, else the overview: links can be forged."""
    inside = wanted and (wanted == HOME or wanted.startswith(f"{HOME}/")) and "\\" not in wanted
    return wanted if wanted and inside else HOME
