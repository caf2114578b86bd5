"""The frames between a page's widget and the server, heard from the first one on."""

import json

from playwright.sync_api import Page, WebSocket

from support.storefront_pages import until


class PageFrames:
    """Frames of all connections of a page. Create it before the page is opened: frames come early."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._viewed = self._awaited = self._acknowledged = 0
        page.on("websocket", self._listen)

    def wait_for_view(self) -> None:
        """Wait until the server has acknowledged a view sent since the last call."""
        # Each question to the page also hands on the frames that have come.
        until(
            lambda: (
                self._page.evaluate("true") and self._awaited < self._viewed <= self._acknowledged
            )
        )
        self._awaited = self._viewed

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["t"] == "view":
            self._viewed = message["n"]

    def _received(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["t"] == "ack":
            self._acknowledged = message["n"]
