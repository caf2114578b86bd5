"""Addresses of the bridge; a shop includes them under a path of its choice."""

from django.urls import path

from tactful_oscar.views import PutOfferView, RememberSessionView

app_name = "tactful"
urlpatterns = [
    path("basket/", PutOfferView.as_view(), name="put-offer"),
    path("session/", RememberSessionView.as_view(), name="session"),
]
