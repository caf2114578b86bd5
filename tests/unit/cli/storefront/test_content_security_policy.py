"""A Content-Security-Policy allows and blocks the same URLs as in a browser."""

import pytest

from tactful.cli.storefront.content_security_policy import allows

PAGE = "https://shop.example/p/run"
SERVER = "https://offers.shop.example"


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


def test_each_of_several_policies_must_allow_the_url() -> None:
    assert not allows(("script-src *", "script-src 'self'"), "script-src", SERVER, PAGE)
