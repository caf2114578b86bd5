"""The console in a real Chromium: no foreign markup, no framing, full use by keyboard."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from journeys.fixture import product
from support.browsers import chromium
from support.running_demo import RunningDemo, running_demo

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
PATHS = (
    "", "/start", "/stop", "/rules", "/decisions", "/why", "/recalls", "/customers/omar", "/cases/C-1001",
    "/operators", "/tokens", "/account", "/audit", "/results", "/rules/hesitating-over-shoes",
    "/rulebook/rollback",
    "/why?sku=RUN-43&customer=omar",
)  # fmt: skip
SHOTS = Path(__file__).parent / "screenshots" / "console"
PICTURES = {"": "overview", "/customers/omar": "customer"}
"""Path → name of the picture that the documentation site shows."""
AXE = Path(__file__).parents[2] / "widget" / "node_modules" / "axe-core" / "axe.min.js"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
CONTRAST = """() => {
  const number = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = number(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const node of document.body.querySelectorAll('*')) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !node.checkVisibility() || node.closest('.only, .skip')) continue;
    const [a, b] = [light(number(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${node.tagName}.${node.className} ${ratio.toFixed(2)} ${node.textContent.trim()}`);
  }
  return low;
}"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def log_in(page: Page, demo: RunningDemo, name: str = "Ada") -> None:
    page.goto(f"{demo.url}console/login")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Server key").fill(demo.key)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def report(page: Page, demo: RunningDemo, fact: dict[str, object]) -> None:
    answer = page.request.post(
        f"{demo.url}v1/facts", data=[fact], headers={"Authorization": f"Bearer {demo.key}"}
    )
    assert answer.json()["rejected"] == []


def test_foreign_text_is_never_rendered_as_markup(demo: RunningDemo, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    alarms: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        alarms.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("console", lambda message: alarms.append(message.text))
    report(page, demo, {"type": "customer", "customer": "eve", "tier": EVIL, "segments": [EVIL]})
    report(
        page,
        demo,
        {"type": "case", "case": EVIL, "customer": "eve", "kind": "defect", "skus": [EVIL],
         "status": "open", "opened_at": "2026-01-01T00:00:00Z"},
    )  # fmt: skip
    report(
        page, demo, product(EVIL, EVIL, "Velo", "running")
    )  # for an unreported item, why is a 404
    log_in(page, demo, name=f"Eve {EVIL}"[:60])
    for path in ("", "/customers/eve", f"/why?sku={EVIL}&customer=eve"):
        answer = page.goto(f"{demo.url}console{path}")
        assert answer is not None
        assert answer.ok
        assert page.locator("main img, main script, header img").count() == 0
    page.goto(f"{demo.url}console/customers/eve")
    expect(page.get_by_text(EVIL).first).to_be_visible()
    assert alarms == []
    page.goto(f"{demo.url}console/why?sku={EVIL}2&customer=eve")
    expect(page.get_by_role("alert")).to_contain_text(EVIL)
    assert page.locator("main img, main script, header img").count() == 0
    assert [alarm for alarm in alarms if "status of 404" not in alarm] == []
    context.close()


def test_no_other_page_can_frame_the_console(demo: RunningDemo, browser: Browser) -> None:
    framing = f'<iframe src="{demo.url}console/login"></iframe>'.encode()

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(framing)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        frame = page.frame_locator("iframe")
        expect(frame.get_by_label("Server key")).to_have_count(0)
        own = context.new_page()
        own.goto(f"{demo.url}shop/")
        own.evaluate(
            "document.body.append(Object.assign(document.createElement('iframe'), {src: '/console/login'}))"
        )
        expect(own.frame_locator("iframe").get_by_label("Server key")).to_have_count(0)
        context.close()
        server.shutdown()


def test_the_console_works_with_the_keyboard_alone(demo: RunningDemo, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo.url}console")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Ada")
    page.keyboard.press("Tab")
    page.keyboard.type(demo.key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.goto(f"{demo.url}console/rules")
    page.get_by_role("button", name="Pause apology").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The rule is paused.")
    page.get_by_role("button", name="Resume apology").press("Enter")
    expect(page.get_by_role("status")).to_have_text("The rule is active again.")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_has_sufficient_contrast_and_structure(
    demo: RunningDemo,
    browser: Browser,
    scheme: Literal["light", "dark"],
    width: int,
    tmp_path: Path,
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    log_in(page, demo)
    page.request.post(
        f"{demo.url}v1/facts",
        data=[{"type": "price"}],
        headers={"Authorization": f"Bearer {demo.key}"},
    )
    page.goto(f"{demo.url}console")
    expect(page.get_by_role("button", name="Snooze facts.rejected (price)")).to_be_visible()
    for path in PATHS:
        page.goto(f"{demo.url}console{path}")
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(CONTRAST) == [], path
        assert page.locator("h1").count() == 1
        if path in PICTURES and (scheme, width) == ("light", 1280):
            SHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SHOTS / f"{PICTURES[path]}.png")
        unnamed = page.locator("input:visible:not([type=hidden]), select, button").evaluate_all(
            "all => all.filter((one) => !one.labels?.length && !one.ariaLabel && !one.textContent.trim())"
            ".map((one) => one.outerHTML)"
        )
        assert unnamed == [], path
    for path in (
        "shop/",
        "shop/product/aero-runner?size=44",
        "shop/login",
        "shop/cart",
        "demo",
        "demo/panel",
    ):
        page.goto(f"{demo.url}{path}")
        assert page.evaluate(CONTRAST) == [], path
    assert complaints == []
    context.close()


OUTSIDE = """(names) => [...document.querySelectorAll(names)]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth)
  .map((one) => one.textContent)"""


def test_on_a_phone_every_button_and_every_cause_is_within_the_screen(
    demo: RunningDemo, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    log_in(page, demo)
    for path in PATHS:
        page.goto(f"{demo.url}console{path}")
        assert page.evaluate(OUTSIDE, "button, input, .rows td") == [], path
    context.close()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (npm ci in widget/)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_on_any_page_and_no_word_is_too_long(
    demo: RunningDemo, browser: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    # axe-core is injected as a script, which the pages' policy forbids.
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
    )
    page = context.new_page()
    log_in(page, demo)
    report(page, demo, {"type": "customer", "customer": "long", "name": LONG_WORD, "tier": "gold"})
    long_case = {"type": "case", "case": LONG_WORD, "customer": "long", "kind": "defect"}
    opened = {"status": "open", "opened_at": "2026-01-01T00:00:00Z", "skus": [LONG_WORD]}
    report(page, demo, {**long_case, **opened})
    for path in (*PATHS, "/customers/long", f"/cases/{LONG_WORD}", "/nowhere"):
        page.goto(f"{demo.url}console{path}")
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), path
        page.evaluate(AXE.read_text())
        violations = page.evaluate(
            "async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa',"
            " 'best-practice']})).violations.map((one) => one.id + one.nodes[0].target)"
        )
        assert violations == [], path
    context.close()


def test_the_start_page_ticks_a_step_off_without_a_reload(browser: Browser, tmp_path: Path) -> None:
    with running_demo(tmp_path) as running:
        context = browser.new_context()
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        log_in(page, running)
        page.goto(f"{running.url}console/start")
        holdout = page.locator("[data-step=holdout] .state")
        expect(holdout).to_have_text("open")
        other = context.new_page()
        other.goto(f"{running.url}console/start")
        other.get_by_role("button", name="Hold out 10 %").click()
        expect(other.get_by_role("status").first).to_contain_text("The hold-out is active.")
        expect(holdout).to_have_text("done")
        assert complaints == []
        context.close()


def test_the_start_page_and_the_switch_work_without_scripts(
    browser: Browser, tmp_path: Path
) -> None:
    with running_demo(tmp_path) as running:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        log_in(page, running)
        page.goto(f"{running.url}console/start")
        page.get_by_role("button", name="Hold out 10 %").click()
        expect(page.locator("[data-step=holdout] .state")).to_have_text("done")
        page.get_by_role("link", name="Stop all offers").click()
        page.get_by_label("Reason").fill("a wrong price")
        page.get_by_label("Stop offers to all shoppers").check()
        page.get_by_role("button", name="Stop all offers").click()
        expect(page.get_by_role("alert")).to_contain_text("All offers are stopped")
        page.get_by_label("Make offers to all shoppers again").check()
        page.get_by_role("button", name="End the stop").click()
        expect(page.get_by_role("status")).to_contain_text("The stop has ended")
        context.close()
