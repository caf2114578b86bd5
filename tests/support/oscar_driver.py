"""The test driver of a django-oscar shop: shoppers on its pages, and its staff in a shell."""

import contextlib
import json
import re
import subprocess
import textwrap
from collections.abc import Iterator
from itertools import count

import httpx

from support.oscar_shop import OscarShop, python
from tactful.bridge_check.offer_server import ShopItem

ITEM = ShopItem("tactful-oscar", "RUN-42", "GB", "GBP", 12900)
_LOOP = """
import contextlib, io, json, sys
for line in sys.stdin:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(json.loads(line), {})
    print(json.dumps(said.getvalue()), flush=True)
"""
_MODELS = "from oscar.core.loading import get_model as m\n"
_ADDRESS = {
    "first_name": "Ada", "last_name": "Example", "line1": "1 High Street", "line4": "London",
    "postcode": "SW1A 1AA", "country": "GB",
}  # fmt: skip


class OscarDriver:
    """The verbs of the conformance kit."""

    def __init__(self, shop: OscarShop, shell: subprocess.Popen[str]) -> None:
        self._shop = shop
        self._shell = shell
        self._shoppers: dict[str, httpx.Client] = {}
        self._refunds: dict[tuple[str, str], str] = {}
        self._numbers = count(1)

    def close(self) -> None:
        """Close the connections of all shoppers."""
        for shopper in self._shoppers.values():
            shopper.close()

    def about(self) -> dict[str, object]:
        return {
            "name": ITEM.name, "sku": ITEM.sku, "territory": ITEM.territory,
            "currency": ITEM.currency, "price": ITEM.price,
        }  # fmt: skip

    def put(self, cart: str, token: str, qty: int) -> dict[str, object]:
        shopper = self._shopper(cart)
        page = shopper.get("/catalogue/aero-runner_1/").text
        found = re.search(r'data-put="([^"]+)"', page)
        assert found, "the product's page has no storefront script"
        answer = shopper.post(
            found[1],
            json={"token": token, "quantity": qty},
            headers={"X-CSRFToken": shopper.cookies["csrftoken"]},
        )
        return {"refused": None if answer.is_success else answer.json()["code"]}

    def total(self, cart: str) -> dict[str, object]:
        page = self._shopper(cart).get("/basket/").text
        found = re.findall(
            r"<h3[^>]*>\s*£([0-9,.]+)\s*</h3>|order-total.*?£([0-9,.]+)", page, re.DOTALL
        )
        amounts = [one or other for one, other in found]
        return {"total": _pennies(amounts[-1]) if amounts else 0}

    def pay(self, cart: str, card: str) -> dict[str, object]:
        shopper = self._shopper(cart)
        shopper.get("/checkout/")
        self._post(cart, "/checkout/", username="guest@shop.example", options="anonymous")
        self._post(cart, "/checkout/shipping-address/", **_ADDRESS)
        shopper.get("/checkout/preview/")
        return self._outcome(
            self._post(cart, "/checkout/preview/", action="place_order", card=card)
        )

    def finish(self, cart: str) -> dict[str, object]:
        return self._outcome(self._shopper(cart).get(self._bank(cart, "Pay")))

    def back(self, cart: str) -> dict[str, object]:
        self._shopper(cart).get(self._bank(cart, "Back"))
        return {}

    def cancel(self, order: str) -> dict[str, object]:
        self._run(f"m('order', 'Order').objects.get(number='{order}').set_status('Cancelled')")
        return {}

    def refund(self, order: str, refund: str, qty: int) -> dict[str, object]:
        known = self._refunds.get((order, refund))
        if known:
            self._run(f"m('payment', 'Transaction').objects.get(pk={known}).save()")
            return {}
        self._refunds[order, refund] = self._run(
            f"""
            o = m('order', 'Order').objects.get(number='{order}')
            line = o.lines.get()
            o.sources.get().refund(line.line_price_incl_tax / line.quantity * {qty})
            print(m('payment', 'Transaction').objects.last().pk)
            """
        )
        return {}

    def price(self, amount: int) -> dict[str, object]:
        self._run(
            f"""
            s = m('partner', 'StockRecord').objects.get(partner_sku='{ITEM.sku}')
            s.price = '{amount // 100}.{amount % 100:02}'
            s.save()
            """
        )
        return {}

    def promotion(self, percent: int) -> dict[str, object]:
        self._run(
            f"""
            for name in ('ConditionalOffer', 'Condition', 'Benefit', 'Range'):
                m('offer', name).objects.all().delete()
            if {percent}:
                r = m('offer', 'Range').objects.create(name='All', includes_all_products=True)
                c = m('offer', 'Condition').objects.create(range=r, type='Count', value=1)
                b = m('offer', 'Benefit').objects.create(range=r, type='Percentage', value={percent})
                m('offer', 'ConditionalOffer').objects.create(name='Sale', condition=c, benefit=b)
            """
        )
        return {}

    def settle(self) -> dict[str, object]:
        self._run(
            """
            from django.core.management import call_command
            from tactful_oscar.models import OutboxRow
            OutboxRow.objects.update(not_before=0)
            call_command('tactful_sweep')
            """
        )
        return {}

    def _shopper(self, cart: str) -> httpx.Client:
        if cart not in self._shoppers:
            self._shoppers[cart] = httpx.Client(
                base_url=self._shop.url, follow_redirects=True, timeout=60
            )
        return self._shoppers[cart]

    def _post(self, cart: str, path: str, **fields: str) -> httpx.Response:
        shopper = self._shopper(cart)
        token = {"csrfmiddlewaretoken": shopper.cookies["csrftoken"]}
        return shopper.post(path, data=token | fields)

    def _bank(self, cart: str, link: str) -> str:
        found = re.search(rf'href="([^"]+)">{link}<', self._shopper(cart).get("/bank/").text)
        assert found, "the page of the bank has no such link"
        return found[1]

    def _outcome(self, page: httpx.Response) -> dict[str, object]:
        if "<title>Bank</title>" in page.text:
            return {"state": "waiting"}
        if "The card was declined." in page.text:
            return {"state": "declined"}
        if not page.url.path.endswith("/thank-you/"):
            return {"state": "refused"}
        order = re.findall(r"\b(1\d{5})\b", page.text)[0]
        charged = self._run(
            f"o = m('order', 'Order').objects.get(number='{order}'); "
            "print(o.total_incl_tax - o.shipping_incl_tax)"
        )
        return {"state": "placed", "order": order, "charged": _pennies(charged)}

    def _run(self, code: str) -> str:
        """What a piece of Python prints in the shop's shell."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(json.dumps(_MODELS + textwrap.dedent(code)) + "\n")
        self._shell.stdin.flush()
        answer = self._shell.stdout.readline()
        assert answer, "the shop's shell has ended; the log of the shop says why"
        return str(json.loads(answer)).strip()


def _pennies(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


@contextlib.contextmanager
def oscar_driver(shop: OscarShop) -> Iterator[OscarDriver]:
    """A driver with a shell of its own, in the present environment of the shop."""
    with (shop.folder / "shop.log").open("ab") as log:
        shell = subprocess.Popen(
            [python(), "-W", "ignore", "manage.py", "shell", "-v", "0", "-c", _LOOP],
            cwd=shop.folder, env=shop.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=log, text=True,
        )  # fmt: skip
    with shell:
        driver = OscarDriver(shop, shell)
        try:
            yield driver
        finally:
            driver.close()
            shell.terminate()
