"""Shares that changed against the last four weeks: of reasons, and of offers that are used."""

from collections.abc import Iterator
from typing import Final

from tactful.runtime.alerts.causes import Cause
from tactful.runtime.alerts.hour_counts import WEEK_HOURS, WEEKS, HourCounts

LEAST_VERDICTS: Final = 200
"""Fewer verdicts, now or in the hours that they are compared with, say nothing."""
LEAST_WEEKS: Final = 2
"""In how many of the four weeks there were verdicts in these hours."""
LEAST_SHARE: Final = 20
"""A reason is worth an alert from one in so many verdicts on."""
LEAST_ACCEPTED: Final = 50
"""Fewer accepted offers of a day say nothing."""


class ChangedShares:
    """Finds reasons whose share doubled, and accepted offers that are no longer redeemed."""

    def __init__(self, counts: HourCounts) -> None:
        self._counts = counts

    def causes(self) -> Iterator[Cause]:
        """Yield the causes that are present; counts first, at most once a minute."""
        self._counts.count()
        yield from self._doubled_reasons()
        yield from self._unredeemed()

    def _doubled_reasons(self) -> Iterator[Cause]:
        hour = self._counts.this_hour()
        now = self._counts.sums("verdicts", [hour])
        if now.total() < LEAST_VERDICTS:
            # The first minutes of an hour say nothing; the hour before still stands.
            hour -= 1
            now = self._counts.sums("verdicts", [hour])
        weeks = [
            self._counts.sums("verdicts", [hour - week * WEEK_HOURS])
            for week in range(1, WEEKS + 1)
        ]
        then = sum(weeks[1:], weeks[0])
        enough = min(now.total(), then.total()) >= LEAST_VERDICTS
        if not enough or sum(week.total() > 0 for week in weeks) < LEAST_WEEKS:
            return
        for reason, count in sorted(now.items()):
            is_large = count * LEAST_SHARE >= now.total()
            # count ÷ now ≥ 2 · before ÷ then, in integers.
            has_doubled = count * then.total() >= 2 * then[reason] * now.total()
            if reason and is_large and has_doubled:
                yield Cause(
                    "reason.doubled",
                    reason,
                    {
                        "verdicts": now.total(),
                        "share_bp": count * 10_000 // now.total(),
                        "usual_share_bp": then[reason] * 10_000 // then.total(),
                    },
                )

    def _unredeemed(self) -> Iterator[Cause]:
        """Yield a cause where a day's accepted offers were redeemed half as often as usual."""
        hour = self._counts.this_hour()
        now = self._counts.sums("uses", range(hour - 24, hour + 1))
        then = self._counts.sums("uses", range(hour - WEEKS * WEEK_HOURS, hour - 24))
        accepted, used = now["accepted"], now["redeemed"]
        if accepted < LEAST_ACCEPTED or then["accepted"] < 2 * LEAST_ACCEPTED:
            return
        if 2 * used * then["accepted"] <= then["redeemed"] * accepted and then["redeemed"]:
            yield Cause(
                "offers.unredeemed",
                "",
                {
                    "accepted": accepted,
                    "redeemed": used,
                    "usual_share_bp": then["redeemed"] * 10_000 // then["accepted"],
                },
            )
