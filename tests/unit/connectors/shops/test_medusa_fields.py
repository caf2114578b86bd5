"""Requests to Medusa name the fields of their allow-lists."""

from tactful.connectors.shops import medusa_fields


def test_a_request_names_every_field_that_is_kept() -> None:
    assert medusa_fields.query_of(medusa_fields.ITEM_FIELDS) == "variants.id"
    asked = medusa_fields.query_of(medusa_fields.ORDER_FIELDS).split(",")
    assert {"id", "email", "shipping_address.country_code", "items.detail.quantity"} <= set(asked)


def test_metadata_is_asked_for_whole_and_kept_in_part() -> None:
    asked = medusa_fields.query_of(medusa_fields.ORDER_FIELDS).split(",")
    assert [one for one in asked if "metadata" in one] == ["items.metadata"]
