"""The demo's story in real browsers: it plays by itself, and leads into no dead end."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from support.browsers import chromium, firefox
from support.running_demo import RunningDemo, running_demo
from support.story_page import ENDED, MEASURED, SAID, scene, told
from tools.animated_picture import animated

pytestmark = pytest.mark.browser

SHOTS = Path(__file__).parent / "screenshots" / "demo"
MAX_PICTURE = 1_000_000
WAIT_MS = 180_000  # the machine may be busy; the story's own time is counted by its page
CAPTIONS = (
    "€109.65",
    "look up why: a complaint about it is open",
    "the offer leaves. Her browser is not told",
    "The last one is promised to Lotte, so Ravi",
    "Promised €105.78, paid €105.78",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo(tmp_path_factory.mktemp("story")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as open_browser:
        yield open_browser


def play(page: Page) -> None:
    """Start the story, on a page that shows that it does."""
    page.get_by_role("button", name=re.compile("^(Play|Start)")).click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def measured(page: Page, number: int) -> None:
    """Wait until a scene shows what was measured."""
    shown = page.locator(f"#scenes li:nth-child({number}) .measured")
    expect(shown).not_to_be_empty(timeout=WAIT_MS)


def ended(page: Page) -> None:
    """Wait until the story has ended, well or not."""
    expect(page.get_by_role("button", name="Play again")).to_be_visible(timeout=WAIT_MS)


def check_told(page: Page) -> None:
    """Check what was said in each scene, what was measured, and the receipt."""
    assert page.locator("#trouble").is_hidden(), page.locator("#trouble").text_content()
    for one, caption, pattern in zip(told(page), CAPTIONS, MEASURED, strict=True):
        assert caption in one["caption"]
        assert re.fullmatch(pattern, one["measured"]), one
    receipt = page.locator("#receipt")
    expect(receipt).to_be_visible()
    for words in ("thank-you", "crm@kittiwake.example", "customer.orders", "redeemed"):
        expect(receipt).to_contain_text(words)
    assert receipt.locator("dd.large").all_text_contents() == ["€105.78", "€105.78"]


@pytest.mark.parametrize(
    ("name", "width", "height", "scheme"),
    [
        ("desktop", 1120, 640, "light"),
        ("dark", 1280, 720, "dark"),
        ("phone", 360, 740, "light"),
        ("small-phone", 320, 568, "dark"),
    ],
)
def test_the_story_plays_by_itself(
    demo: RunningDemo, browser: Browser, name: str, width: int, height: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(_unless_restarting(message)))
    page.goto(f"{demo.url}")
    wide = "document.scrollingElement.scrollWidth > innerWidth"
    assert not page.evaluate(wide)
    expect(page.get_by_role("button", name="Play the story")).to_be_in_viewport()
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}-0.png")
    play(page)
    for number in range(1, len(MEASURED) + 1):
        measured(page, number)
        page.screenshot(path=SHOTS / f"{name}-{number}.png")
        assert not page.evaluate(wide)
        expect(page.locator("#scenes .now .caption")).to_be_in_viewport()
    ended(page)
    page.screenshot(path=SHOTS / f"{name}-6.png")
    check_told(page)
    assert not page.evaluate(wide)
    expect(page.locator("#receipt")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Play again")).to_be_in_viewport()
    assert [text for text in said if text] == []
    page.get_by_role("link", name="Try it by hand").click()
    expect(page.locator("#anew"), "folded away on a phone").to_be_attached()
    if name == "desktop":
        shots = [SHOTS / f"{name}-{number}.png" for number in range(7)]
        picture = animated([shot.read_bytes() for shot in shots])
        (SHOTS / "story.png").write_bytes(picture)
        assert len(picture) < MAX_PICTURE, "the README shows it on its first screen"
    context.close()


def _unless_restarting(message: ConsoleMessage) -> str:
    """Return a console message, unless it says that the shop was asked while it started anew."""
    again = message.location["url"].endswith("/demo/story") and "REFUSED" in message.text
    return "" if again else message.text


def test_reload_back_and_a_second_start_lead_to_a_story_that_plays(
    demo: RunningDemo, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo.url}demo")
    play(page)
    measured(page, 1)
    page.reload()
    expect(page.get_by_role("button", name="Play the story")).to_be_visible()

    play(page)
    measured(page, 1)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Start again").click()
    expect(page.locator("#scenes li .measured").first).to_be_empty()

    measured(page, 3)
    page.get_by_role("link", name="Try it by hand").click()
    expect(page.get_by_role("button", name="Reset the demo")).to_be_visible()
    page.go_back()
    play(page)
    ended(page)
    check_told(page)
    context.close()


def test_rules_that_were_changed_by_hand_do_not_break_the_next_story(
    demo: RunningDemo, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo.url}demo/panel")
    page.get_by_role("button", name="Pause hesitating-over-shoes").click()
    expect(page.get_by_role("button", name="Resume hesitating-over-shoes")).to_be_visible()
    page.get_by_role("link", name="The story").click()
    play(page)
    measured(page, 1)
    assert "€109.65" in told(page)[0]["caption"]
    context.close()


def test_a_lost_connection_is_said_and_the_story_plays_once_it_is_back(
    tmp_path: Path, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    with running_demo(tmp_path) as first:
        page.goto(f"{first.url}demo")
        play(page)
        measured(page, 1)
        first.interrupt()
        ended(page)
        expect(page.get_by_role("alert")).to_contain_text("Check that it is still running")
    with running_demo(tmp_path, first.port) as again:
        assert again.port == first.port
        play(page)
        measured(page, 1)
        expect(page.get_by_role("alert")).to_be_hidden()
    context.close()


def test_the_story_plays_in_firefox(demo: RunningDemo) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    with firefox() as started:
        tab = started.tab()
        tab.resize(1280, 720)
        tab.goto(f"{demo.url}demo")
        tab.evaluate("document.getElementById('play').click()")
        for number in range(1, len(MEASURED) + 1):
            tab.wait_for(scene(number))
            tab.screenshot(SHOTS / f"firefox-{number}.png")
        tab.wait_for(ENDED)
        tab.screenshot(SHOTS / "firefox-6.png")
        for one, caption, pattern in zip(tab.evaluate(SAID), CAPTIONS, MEASURED, strict=True):
            assert caption in one["caption"]
            assert re.fullmatch(pattern, one["measured"]), one
        assert tab.evaluate("document.querySelector('#receipt dd').textContent") == "€105.78"
        errors = [one["text"] for one in started.logs if one["level"] == "error"]
        assert errors == []
