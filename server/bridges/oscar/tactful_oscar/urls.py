"""Addresses of the bridge; a shop includes them under a path of its choice."""

from django.urls import path

from tactful_oscar.views import PutOfferView

app_name = "tactful"
urlpatterns = [path("basket/", PutOfferView.as_view(), name="put-offer")]
