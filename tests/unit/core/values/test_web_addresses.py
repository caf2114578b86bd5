"""Only web addresses and paths of the site itself are sent to a browser."""

import pytest

from tactful.core.values.web_addresses import is_sendable


@pytest.mark.parametrize(
    "url",
    ["https://shop.example/run-42", "HTTPS://Shop.Example:8443/a?b=c#d", "/run-42?size=42", "/"],
)
def test_web_addresses_and_paths_of_the_site_may_be_sent(url: str) -> None:
    assert is_sendable(url)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "page", "ftp://a.example", "https://",
     "https:///x", "https://a.example\n", "https:\\\\a.example", "/\\evil.example", ""],
)  # fmt: skip
def test_other_schemes_and_hosts_without_a_scheme_may_not_be_sent(url: str) -> None:
    assert not is_sendable(url)
