"""Addresses of the shop before Tactful."""

from django.apps import apps
from django.urls import include, path

from shop.payment import BackView, BankView, PaidView

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("bank/", BankView.as_view(), name="bank"),
    path("bank/paid/", PaidView.as_view(), name="bank-paid"),
    path("bank/back/", BackView.as_view(), name="bank-back"),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
