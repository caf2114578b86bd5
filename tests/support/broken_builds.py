"""A property is worth something only if it fails on a build that is broken in the way it names."""

from typing import Any

import pytest
from hypothesis import Phase, settings

# A control only has to fail: shrinking the failure, or keeping it for the next run, is of no use.
_JUST_FAIL = settings(
    phases=[Phase.explicit, Phase.generate], database=None, max_examples=1000, deadline=None
)


def assert_fails(property_test: Any) -> None:
    """Run a hypothesis test against a broken control that the caller has put in place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(property_test, "_hypothesis_internal_use_settings", _JUST_FAIL)
        with pytest.raises((AssertionError, ExceptionGroup)):
            property_test()
