"""How the shop takes payments: a card that is charged at once, or a page of the bank."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import View
from oscar.apps.checkout.mixins import OrderPlacementMixin
from oscar.apps.checkout.views import PaymentDetailsView
from oscar.apps.payment.exceptions import RedirectRequired, UnableToTakePayment
from oscar.core.loading import get_class, get_model


def source_of(amount, currency):
    """A payment of the shop's only kind."""
    kind, _ = get_model("payment", "SourceType").objects.get_or_create(name="Card")
    source = get_model("payment", "Source")
    return source(
        source_type=kind, currency=currency, amount_allocated=amount, amount_debited=amount
    )


class CardPaymentDetailsView(PaymentDetailsView):
    """Takes the card that the preview page names."""

    def handle_payment(self, order_number, total, **kwargs):  # noqa: ARG002 -- as Oscar calls it
        card = self.request.POST.get("card", "good")
        if card == "declined":
            raise UnableToTakePayment("The card was declined.")
        if card == "broken":
            raise RuntimeError("the payment gateway is broken")
        if card == "bank":
            self.request.session["bank_total"] = str(total.incl_tax)
            raise RedirectRequired(url=reverse("bank"))
        self.add_payment_source(source_of(total.incl_tax, total.currency))


class BankView(View):
    """The page of the bank."""

    def get(self, request):
        total = request.session["bank_total"]
        return HttpResponse(
            f"<!doctype html><title>Bank</title><h1>Bank</h1><p id=total>{total}</p>"
            f'<a href="{reverse("bank-paid")}">Pay</a> <a href="{reverse("bank-back")}">Back</a>'
        )


class PaidView(OrderPlacementMixin, View):
    """The shopper has paid at the bank: the order is placed."""

    def get(self, request):
        basket = self.get_submitted_basket()
        basket.strategy = request.strategy
        get_class("offer.applicator", "Applicator")().apply(basket, request.user, request)
        submission = self.build_submission(basket=basket)
        total = submission["order_total"]
        self.add_payment_source(source_of(total.incl_tax, total.currency))
        return self.handle_order_placement(
            self.checkout_session.get_order_number(),
            submission["user"],
            basket,
            submission["shipping_address"],
            submission["shipping_method"],
            submission["shipping_charge"],
            submission["billing_address"],
            total,
            surcharges=submission["surcharges"],
            **submission["order_kwargs"],
        )


class BackView(OrderPlacementMixin, View):
    """The shopper has left the bank without paying: the basket is open again."""

    def get(self, request) -> HttpResponseRedirect:
        self.restore_frozen_basket()
        messages.info(request, "The payment was not made.")
        return redirect("basket:summary")
