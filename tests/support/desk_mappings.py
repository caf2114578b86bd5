"""Mapping files of help desks for tests."""

from typing import Any

from tactful.connectors.allow_list import ContactDigests
from tactful.connectors.desks.mapping_file import ReadMapping, read_mapping_file

PLAIN = """\
name: plain
case: "T-{id}"
ticket:
  id: id
  status: status
  opened_at: opened
  version: changed
  resolved_at: resolved
  merged_into: merged
  subject: subject
  body: body
  queue: queue
  tags: tags
  customer: customer
  email: email
  phone: phone
status:
  open: [new]
  pending: [waiting]
  resolved: [done]
  rejected: [spam]
link:
  sku: [sku, skus]
  order: order
  stated_order: claimed
kind:
  field: kind
  values: {defect: [broken thing], question: [asking]}
  tags: {late: [slow], defect: [bad]}
  queues: {billing: [money]}
"""


CONTACTS = ContactDigests(b"key of a test")


def plain_mapping(more: str = "") -> ReadMapping:
    """Return the mapping of a help desk whose fields have plain names."""
    return read_mapping_file(PLAIN + more, "plain.yaml")


def plain_ticket(**fields: Any) -> dict[str, Any]:
    """Return a delivery of that help desk."""
    return {
        "id": 1,
        "status": "new",
        "opened": "2026-03-09T08:00:00Z",
        "changed": "2026-03-09T09:00:00Z",
        "email": "mia@shop.example",
        **fields,
    }
