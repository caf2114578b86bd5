"""Fixtures of the tests of transports."""

import pytest

from tactful.transports.admission.message_quotas import TokenBucket


@pytest.fixture
def no_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep token buckets from being refilled, however slow the machine is."""
    charge = TokenBucket.charge
    monkeypatch.setattr(TokenBucket, "charge", lambda bucket, tokens, _: charge(bucket, tokens, 0))
