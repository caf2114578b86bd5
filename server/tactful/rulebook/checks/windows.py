"""Is there ever a time for a rule, and does a trial end by itself?"""

from typing import Final

from tactful.core.rules.rule import NEVER
from tactful.core.values import calendar
from tactful.core.values.weekly_schedule import WeeklySchedule
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.compilation.builder import window_of, zone_of
from tactful.rulebook.compilation.timetables import schedule_hours
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule
from tactful.rulebook.source.diagnostics import Findings

TRIAL_SHARE: Final = 5000
"""A trial speaks to at most half of the sessions (basis points)."""
TRIAL_LENGTH: Final = 60 * calendar.DAY


def never_open(texts: ParsedFiles, world: CheckContext, findings: Findings) -> None:
    """R304."""
    for text in texts.rules:
        valid = text.get("valid")
        starts, ends = window_of(text, world.policy)
        if valid and ends <= starts:
            message = f"the window ends ({valid.get('until')}) before it begins"
            findings.add("R304", valid.span_of("until"), message, "swap the two, or correct one")
        else:
            _check_hours(text, world, starts, ends, findings)


def _check_hours(
    text: ParsedRule, world: CheckContext, starts: int, ends: int, findings: Findings
) -> None:
    hours = []
    for entry in text.get("schedule") or ():
        try:
            hours.append(schedule_hours(entry.get("days"), entry.get("hours")))
        except calendar.CalendarError as error:
            name = "days" if error.problem == "weekdays" else "hours"
            findings.add("R212", entry.span_of(name), str(error), "write mon-fri, and 09:00-18:00")
            return
    schedule = WeeklySchedule(zone_of(text, world.policy), tuple(hours))
    last = min(ends, max(starts, world.now) + 8 * calendar.DAY)
    first = max(starts, min(world.now, ends - 1))
    if hours and first < last and not schedule.windows(first, last):
        message = "the hours never fall into the days on which the rule is valid"
        findings.add(
            "R304", text.block.span_of("schedule"), message, "correct the days or the window"
        )


def ended_rules(texts: ParsedFiles, world: CheckContext, findings: Findings) -> None:
    """R305."""
    for text in texts.rules:
        starts, ends = window_of(text, world.policy)
        valid = text.get("valid")
        if valid and starts < ends <= world.now:
            message = f"the rule '{text.id}' has ended ({valid.get('until')})"
            findings.add(
                "R305", valid.span_of("until"), message, "move its end, or remove the rule"
            )


def unguarded_trials(texts: ParsedFiles, world: CheckContext, findings: Findings) -> None:
    """R312."""
    for text in texts.rules:
        if text.get("mode") == "trial":
            for message, help_text in _missing_rails(text, texts, world):
                findings.add("R312", text.block.span_of("mode"), message, help_text)


def _missing_rails(
    text: ParsedRule, texts: ParsedFiles, world: CheckContext
) -> list[tuple[str, str]]:
    missing = []
    starts, ends = window_of(text, world.policy)
    if (text.get("share") or 10_000) > TRIAL_SHARE:
        missing.append(("a trial speaks to at most half of the sessions", "add `share: 20%`"))
    if ends == NEVER:
        help_text = "add `valid: {from: …, until: …}`"
        missing.append(("a trial has an end", help_text))
    elif ends - max(starts, min(world.now, ends)) > TRIAL_LENGTH:
        missing.append(("a trial lasts at most 60 days", "bring its end nearer"))
    campaign = texts.campaigns.get(text.get("campaign") or "")
    if campaign is None or not _is_bounded(campaign.block):
        missing.append(("a trial has a budget", "give it a campaign with a budget"))
    if text.get("offer", "off_the") == "shipping":
        return missing  # it has no price, and is bounded by what it says
    if text.get("offer", "floor", "margin") is None and not text.get("offer", "floor", "minimum"):
        missing.append(("a trial has a floor", "add `floor: {margin: 20%}` to its offer"))
    return missing


def _is_bounded(campaign: ParsedMapping) -> bool:
    return bool(campaign.get("budget") or campaign.get("count"))


def pace_without_period(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R316."""
    for name, campaign in texts.campaigns.items():
        block = campaign.block
        if block.get("pace") == "even" and block.get("per", "total") == "total":
            message = f"'{name}' has one budget for good, and no period to spread it over"
            findings.add(
                "R316", block.span_of("pace"), message, "add `per: week`, or remove `pace`"
            )
