"""The widget's JavaScript files, which storefronts load."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.problems import ProblemError

FILE_NAME: Final = re.compile(r"v\d+(\.\d+\.\d+(-[a-z]+)?)?\.js(\.map)?", re.ASCII)
HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",  # subresource integrity needs CORS; the file is public
    "Cross-Origin-Resource-Policy": "cross-origin",  # for pages under COEP
    "X-Content-Type-Options": "nosniff",
}


def widget_folder() -> Path:
    """Return the folder of the built widget: in the installed package, or in the checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_widget"
    return installed if installed.is_dir() else package.parents[1] / "widget" / "dist"


def widget_routes(folder: Path) -> Sequence[BaseRoute]:
    """Return the route of the widget: `v1.js` is cached for minutes, `v1.2.3….js` for a year."""

    async def script(request: Request) -> Response:
        name = request.path_params["name"]
        path = folder / name
        if not FILE_NAME.fullmatch(name) or not path.is_file():
            raise ProblemError(
                404, "widget.unknown", f"There is no widget file {name}. The current one is v1.js."
            )
        immutable = name.count(".") > 1 and not name.endswith(".map")
        age = "max-age=31536000, immutable" if immutable else "max-age=300"
        content = path.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {**HEADERS, "Cache-Control": f"public, {age}", "ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        kind = "application/json" if name.endswith(".map") else "text/javascript"
        return Response(content, headers=headers, media_type=kind)

    return (Route("/widget/{name}", script, methods=["GET"]),)
