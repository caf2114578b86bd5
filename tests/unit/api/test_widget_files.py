"""The widget's files over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tactful.api.problems import HANDLERS
from tactful.api.widget_files import widget_folder, widget_routes


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    for name in ("v1.js", "v1.2.3.js", "v1.2.3-doctor.js", "v1.js.map", "secret.txt"):
        (tmp_path / name).write_text(f"// {name}", encoding="utf-8")
    app = Starlette(routes=widget_routes(tmp_path), exception_handlers=HANDLERS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize(
    ("name", "cache", "kind"),
    [
        ("v1.js", "public, max-age=300", "text/javascript"),
        ("v1.2.3.js", "public, max-age=31536000, immutable", "text/javascript"),
        ("v1.2.3-doctor.js", "public, max-age=31536000, immutable", "text/javascript"),
        ("v1.js.map", "public, max-age=300", "application/json"),
    ],
)
async def test_a_file_is_cached_according_to_its_name(
    http: httpx.AsyncClient, name: str, cache: str, kind: str
) -> None:
    answer = await http.get(f"/widget/{name}")
    assert (answer.status_code, answer.text) == (200, f"// {name}")
    assert answer.headers["cache-control"] == cache
    assert answer.headers["content-type"].startswith(kind)


async def test_a_browser_that_has_the_file_is_not_sent_it_again(http: httpx.AsyncClient) -> None:
    tag = (await http.get("/widget/v1.js")).headers["etag"]
    again = await http.get("/widget/v1.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "public, max-age=300"
    other = await http.get("/widget/v1.2.3.js", headers={"If-None-Match": tag})
    assert other.status_code == 200


async def test_every_page_may_load_the_widget_with_an_integrity_check(
    http: httpx.AsyncClient,
) -> None:
    headers = (await http.get("/widget/v1.js")).headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("name", ["v2.js", "secret.txt", "..%2fsecret.txt", "v1.js%00", "v1%0A.js"])
async def test_other_files_are_not_found(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.get(f"/widget/{name}")
    assert answer.status_code == 404
    assert answer.json()["code"] in {"widget.unknown", "http.not_found"}


def test_the_built_widget_is_found_in_this_checkout() -> None:
    assert widget_folder().name in {"dist", "_widget"}
