"""The metrics of a report, with their names in words."""

from typing import Final, Literal

MetricName = Literal[
    "margin", "conversion", "revenue", "item_bought", "discount", "return_rate", "complaint_rate",
    "dismissal_rate", "repeat_purchase", "full_price_share",
]  # fmt: skip

METRIC_NAMES: Final[dict[MetricName, str]] = {
    "margin": "margin",
    "conversion": "bought something",
    "revenue": "revenue",
    "item_bought": "bought the offered product",
    "discount": "discount given",
    "return_rate": "sent something back",
    "complaint_rate": "complained",
    "dismissal_rate": "dismissed an offer",
    "repeat_purchase": "bought again",
    "full_price_share": "share of revenue without an offer",
}
"""Metric → its name in words; each is per shopper."""
