"""Pages of the demo carry security headers, and forms of other sites are refused."""

from collections.abc import AsyncIterator

import pytest

from support.demo_server import DemoClient, demo_client
from tactful.demo.pages import euros, percent_below


@pytest.fixture
async def demo() -> AsyncIterator[DemoClient]:
    async with demo_client() as client:
        yield client


async def test_a_form_of_another_site_is_refused(demo: DemoClient) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = await demo.http.post("/shop/login", data={"customer": "omar"}, headers=headers)
        assert answer.status_code == 403
    assert "Who are you today?" in await demo.page("/shop/account")


async def test_pages_run_no_script_and_no_style_of_their_own(demo: DemoClient) -> None:
    for path in (
        "/demo",
        "/demo/panel",
        "/shop/",
        "/shop/product/aero-runner",
        "/shop/login",
        "/shop/cart",
    ):
        answer = await demo.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "<style" not in answer.text
        assert " style=" not in answer.text
        assert " onclick" not in answer.text


def test_cents_are_written_as_a_price_and_a_percentage_is_rounded_down() -> None:
    assert (euros(9905), euros(100)) == ("€99.05", "€1.00")
    assert percent_below(10965, 12900) == 15
    assert percent_below(12899, 12900) == 0


async def test_the_cookie_keeps_a_visitor_and_is_hidden_from_scripts(demo: DemoClient) -> None:
    cookie = (await demo.http.get("/shop/")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
