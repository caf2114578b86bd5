"""Requests that a test sends from a page, as the storefront's script does."""

from collections.abc import Sequence

from playwright.sync_api import Page


def answer_in(page: Page, script: str, arguments: Sequence[object]) -> tuple[int, dict[str, str]]:
    """Run a script that sends a request; the status and body of the answer.

    Args:
        page: The page whose cookies the request carries.
        script: A function of JavaScript that returns `[status, body]`.
        arguments: Its arguments, as one list.
    """
    status, body = page.evaluate(script, [*arguments])
    assert isinstance(status, int)
    assert isinstance(body, dict)
    return status, body
