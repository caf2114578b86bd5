"""No URL runs a script or leaves the site unseen, and no URL of a page identifies a shopper."""

from time import thread_time
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.transports.sessions.urls import recorded_text, recorded_url, sendable_url

PARTS = st.sampled_from(
    [
        "javascript:",
        "data:",
        "//",
        "/",
        "\\",
        "\t",
        "\n",
        "\x00",
        " ",
        "http",
        "https",
        ":",
        "evil.example",
        "@",
        "x",
        "?",
        "#",
        "JaVaScRiPt:",
    ]
)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/run-42?colour=blue#size",
        "HTTP://shop.example",
        "/images/run 42.png",
        "/",
    ],
)
def test_web_addresses_and_paths_of_the_site_are_sent(url: str) -> None:
    assert sendable_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None, "", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "//evil.example/x",
        "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "\x01https://shop.example/",
        " https://shop.example/", "https://", "https:///x", "https:/x", "https:x", "vbscript:x",
        "ftp://shop.example/", "blob:https://shop.example/x", "run-42", "https://shop.example/\n",
        "https://\\evil.example",
    ],
)  # fmt: skip
def test_other_schemes_hosts_without_a_scheme_and_control_characters_are_not_sent(
    url: str | None,
) -> None:
    assert sendable_url(url) is None


def browser_target(url: str) -> tuple[str, bool]:
    """Return the scheme and whether a host is named, as a browser reads a URL (WHATWG URL)."""
    url = url.strip("".join(map(chr, range(0x21))))
    url = "".join(one for one in url if one not in "\t\r\n").replace("\\", "/")
    scheme, colon, _ = url.partition(":")
    named = bool(colon) and scheme.isalnum() and scheme[:1].isalpha()
    return (scheme.lower() if named else ""), named or url.startswith("//")


@given(st.lists(PARTS, max_size=8).map("".join))
def test_whatever_is_sent_opens_a_page_of_the_web_or_of_the_site(url: str) -> None:
    sent = sendable_url(url)
    if sent is not None:
        scheme, leaves = browser_target(sent)
        assert scheme in {"http", "https"} or not leaves


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://shop.example/run-42?sid=1&utm_source=mail#x", "https://shop.example/run-42?utm_source=mail"),
        ("https://u:p@Shop.example:8443/a", "https://shop.example:8443/a"),
        ("/cart;jsessionid=0A1B", "/cart"),
        ("//shop.example/x", "https://shop.example/x"),
        ("https://shop.example/o/3f2a9c1be07d4456a1f0/track", "https://shop.example/o/*/track"),
        ("https://shop.example/r/123e4567-e89b-12d3-a456-426614174000", "https://shop.example/r/*"),
        ("https://shop.example/reset/aB3dE5fG7hJ9kL1m", "https://shop.example/reset/*"),
        ("https://shop.example/p/4006381333931-aero-runner-mens-2026", "https://shop.example/p/4006381333931-aero-runner-mens-2026"),
        ("https://shop.example/u/ann%40mail.example/orders", "https://shop.example/u/*/orders"),
        ("https://shop.example/?utm_content=ann@mail.example&gclid=Cj0KCQ", "https://shop.example/?utm_content=*&gclid=Cj0KCQ"),
        ("https://shop.example/?utm_term=" + "x" * 200, "https://shop.example/?utm_term=" + "x" * 128),
        ("javascript:alert(1)", ""),
        ("http://[", ""),
        ("https://shop.example:port/", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_pages_url_keeps_host_path_and_campaign(url: str, kept: str) -> None:
    assert recorded_url(url) == kept


WORDS = st.sampled_from(
    [
        "/", "//", ".", "-", "_", "~", ":", "@", "%40", ";", "=", "shop", "example", "Run", "run-42", "a", "1",
        "ann@mail.example", "3f2a9c1be07d4456a1f0", "abcdefabcdefabcdef", "aB3dE5fG7hJ9kL1m", "deadbeef",
        "abcdefab-abcd-abcd-abcd-abcdefabcdef", "123e4567-e89b-12d3-a456-426614174000", "4006381333931",
        "ﬀ", "٣", "\n", "\t", " ", "\x00", "utm_id", "?", "\\",
    ]
)  # fmt: skip


@given(
    st.sampled_from(["https://", "http://", "HTTPS://", "https:/", "//", ""]),
    st.sampled_from(["shop.example", "a", "Shop.example", "shop..example", ".", "s:8443", "s:0", "s:99999", ""]),
    st.lists(WORDS, max_size=8).map("".join),
)  # fmt: skip
def test_an_ordinary_url_is_kept_as_its_parts_would_be(scheme: str, host: str, path: str) -> None:
    url = scheme + host + path
    # A fragment is never kept, and it makes a URL one that is taken apart.
    assert recorded_url(url) == recorded_url(f"{url}#")


@given(
    st.sampled_from(["ann", "o.brien+shop", "müller"]),
    st.sampled_from(["mail.example", "sub.mail.example", "münchen.example"]),
    st.sampled_from(["https://shop.example/{}", "https://shop.example/a/{}/b", "https://s.example/?{}", "https://s.example/?utm_id={}"]),
    st.sampled_from(["@", "%40", "%2540", "%25252540", "\uff20", "%EF%BC%A0", "%25ef%25bc%25a0", "\ufe6b"]),
)  # fmt: skip
def test_no_email_address_stays_in_a_url(name: str, host: str, url: str, at: str) -> None:
    assert name not in recorded_url(url.format(f"{name}{at}{host}"))


@pytest.mark.parametrize("times", range(7))
@pytest.mark.parametrize("url", ["https://s.example/a/{}", "https://s.example/?utm_id={}"])
def test_no_email_address_stays_however_often_it_is_encoded(times: int, url: str) -> None:
    text = "ann@mail.example"
    for _ in range(times):
        text = "".join(f"%{byte:02X}" for byte in text.encode()) if "%" not in text else quote(text)
    kept = recorded_url(url.format(text))
    while kept != (plain := unquote(kept)):
        kept = plain
    assert "ann" not in kept


@pytest.mark.parametrize("value", ["50%25off", "caf%C3%A9", "a%2Bb", "100%", "%zz", "%25%25"])
def test_an_encoded_text_without_an_address_is_kept(value: str) -> None:
    assert (
        recorded_url(f"https://s.example/?utm_id={value}") == f"https://s.example/?utm_id={value}"
    )


def test_no_email_address_stays_in_a_search() -> None:
    assert recorded_text("shoes for ann@mail.example, blue") == "shoes for *, blue"
    assert recorded_text("3 @ 5 boots") == "3 @ 5 boots"


@pytest.mark.parametrize(
    "text",
    [
        "a@@mail.example",
        "x@y@mail.example",
        "<ann@mail.example>",
        "mailto:ann@mail.example.",
        "a%40b.de1",
    ],
)
def test_unusual_spellings_of_an_email_address_do_not_stay(text: str) -> None:
    assert "mail.example" not in recorded_text(text)
    assert recorded_url(f"https://s.example/{text}").rpartition("/")[2] in {"*", "mailto:*"}


@pytest.mark.parametrize(
    "part", ["a", "a%40", "a@", "@", "%40", "a.", "a@a.", "a%40a.", "f", "1a", "a-"]
)
def test_no_address_costs_more_than_its_length(part: str) -> None:
    # 2,048 characters of `a%40` held up all sessions for 20 s.
    def steps(length: int) -> float:
        url = f"https://s.example/{part * (length // len(part))}?utm_id={part * (length // len(part))}"
        fastest = 1e9
        for _ in range(3):
            began = thread_time()
            recorded_url(url)
            fastest = min(fastest, thread_time() - began)
        return fastest

    assert steps(16_000) < 12 * steps(4_000) + 0.01
