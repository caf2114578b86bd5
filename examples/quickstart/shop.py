"""The shop of the quickstart: the page in `page/`, and the orders of `../checkout/python/shop.py`.

TACTFUL_SERVER_KEY=... python shop.py
"""

import os
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "checkout" / "python"))

from shop import RequestHandler, Shop, Tactful  # noqa: E402 -- beside the other example


class PageHandler(SimpleHTTPRequestHandler, RequestHandler):
    """GET serves the page, POST takes orders."""


def main():
    url = os.environ.get("TACTFUL_URL", "http://127.0.0.1:8000")
    PageHandler.shop = Shop(Tactful(url, os.environ["TACTFUL_SERVER_KEY"]))
    handler = partial(PageHandler, directory=HERE / "page")
    with ThreadingHTTPServer(("127.0.0.1", 8080), handler) as server:
        print("shop on http://localhost:8080", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit(0)


if __name__ == "__main__":
    main()
