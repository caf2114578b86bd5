"""Redemption of offers at the checkout, cancellation and refund."""
