"""Django's system checks of the bridge, which name each missing step of the installation."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 -- Django's names
from django.urls import NoReverseMatch, reverse
from oscar.core.loading import get_class

from tactful_oscar.applicator import TactfulApplicatorMixin
from tactful_oscar.checkout import TactfulPaymentMixin
from tactful_oscar.conf import bridge_settings
from tactful_oscar.strategy import TactfulStrategyMixin


def check_installation(app_configs: Any = None, **kwargs: Any) -> Sequence[CheckMessage]:
    """Return what the installation lacks; `manage.py check` and the start of the shop print it."""
    del app_configs, kwargs
    found: list[CheckMessage] = []
    if not bridge_settings().is_paired:
        found.append(
            Warning(
                "The shop is not paired with a Tactful server, so it makes no offers.",
                hint="Run manage.py tactful_pair CODE as the manual of tactful-oscar says in step 9.",
                id="tactful_oscar.W002",
            )
        )
    if not isinstance(get_class("partner.strategy", "Selector")().strategy(), TactfulStrategyMixin):
        found.append(
            Error(
                "The pricing strategy lacks TactfulStrategyMixin, so no line gets the price of its offer.",
                hint="Write apps/partner/strategy.py as the manual of tactful-oscar says in step 5.",
                id="tactful_oscar.E001",
            )
        )
    if not issubclass(get_class("checkout.views", "PaymentDetailsView"), TactfulPaymentMixin):
        found.append(
            Error(
                "PaymentDetailsView lacks TactfulPaymentMixin, so no offer is held for its order.",
                hint="Write apps/checkout/views.py as the manual of tactful-oscar says in step 6.",
                id="tactful_oscar.E002",
            )
        )
    try:
        reverse("tactful:put-offer")
    except NoReverseMatch:
        found.append(
            Error(
                "The addresses of tactful_oscar are missing, so no offer reaches the basket.",
                hint="Include tactful_oscar.urls as the manual of tactful-oscar says in step 4.",
                id="tactful_oscar.E003",
            )
        )
    if not issubclass(get_class("offer.applicator", "Applicator"), TactfulApplicatorMixin):
        found.append(
            Warning(
                "Applicator lacks TactfulApplicatorMixin. An order is refused if a promotion of the "
                "shop reduces a line with an offer once more.",
                hint="Write apps/offer/applicator.py as the manual of tactful-oscar says in step 7.",
                id="tactful_oscar.W001",
            )
        )
    return found
