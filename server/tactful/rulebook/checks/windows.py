"""Checks of the time in which rules apply: windows, schedules, trials and budget periods."""

from collections.abc import Iterator
from typing import Final

from tactful.core.rules.rule import NEVER
from tactful.core.values import calendar
from tactful.core.values.weekly_schedule import WeeklySchedule
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.compilation.builder import trial_share, window_of, zone_of
from tactful.rulebook.compilation.timetables import schedule_hours
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import ParsedExclusion, ParsedFiles, ParsedRule
from tactful.rulebook.language.units import format_percent
from tactful.rulebook.source.diagnostics import Findings

_FLOORS: Final = frozenset({"margin", "markup", "minimum"})
"""Keys of a floor that bound the price from below."""


def _dated(files: ParsedFiles) -> Iterator[ParsedRule | ParsedExclusion]:
    """Yield everything that may have a window."""
    yield from files.rules
    yield from files.exclusions


def never_open(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R304: a window or a schedule in which a rule or exclusion never applies.

    A schedule that cannot be read is reported as R212.
    """
    for rule in _dated(files):
        valid = rule.get("valid")
        starts, ends = window_of(rule, context.policy)
        if valid and ends <= starts:
            message = f"the window ends ({valid.get('until')}) before it begins"
            help_text = "swap `from` and `until`, or correct one of them"
            findings.add("R304", valid.span_of("until"), message, help_text)
        elif isinstance(rule, ParsedRule):
            _check_hours(rule, context, starts, ends, findings)


def _check_hours(
    rule: ParsedRule, context: CheckContext, starts: int, ends: int, findings: Findings
) -> None:
    """Report a schedule that cannot be read (R212) or that never opens (R304)."""
    hours = []
    for entry in rule.get("schedule") or ():
        try:
            hours.append(schedule_hours(entry.get("days"), entry.get("hours")))
        except calendar.CalendarError as error:
            name = "days" if error.problem == "weekdays" else "hours"
            help_text = "write days such as mon-fri, and hours such as 09:00-18:00"
            findings.add("R212", entry.span_of(name), str(error), help_text)
            return
    schedule = WeeklySchedule(zone_of(rule, context.policy), tuple(hours))
    # A schedule repeats every week. Eight days, from now or from a later start, cover all of it.
    last = min(ends, max(starts, context.now) + 8 * calendar.DAY)
    first = max(starts, min(context.now, ends - 1))
    if hours and first < last and not schedule.windows(first, last):
        message = "the schedule never opens on the days for which the rule is valid"
        help_text = "correct `days` of the schedule, or `valid`"
        findings.add("R304", rule.block.span_of("schedule"), message, help_text)


def ended_rules(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R305: a rule or exclusion whose window is over."""
    for rule in _dated(files):
        starts, ends = window_of(rule, context.policy)
        valid = rule.get("valid")
        if valid and starts < ends <= context.now:
            what = "rule" if isinstance(rule, ParsedRule) else "exclusion"
            name = f"the {what} '{rule.id}'" if rule.id else f"this {what}"
            message = f"{name} ended on {valid.get('until')}"
            help_text = f"move its end, or remove the {what}"
            findings.add("R305", valid.span_of("until"), message, help_text)


def unguarded_trials(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R312: each limit of trials that a trial exceeds or lacks."""
    for rule in files.rules:
        if rule.get("mode") == "trial":
            for message, help_text in _missing_limits(rule, files, context):
                findings.add("R312", rule.block.span_of("mode"), message, help_text)


def _missing_limits(
    rule: ParsedRule, files: ParsedFiles, context: CheckContext
) -> Iterator[tuple[str, str]]:
    """Yield message and help for each limit of `policy.trial` that a trial exceeds or lacks."""
    limits = context.policy.trial
    variant = files.variant_share(rule.id)
    if (variant or trial_share(rule, context.policy)) > limits.share_bp:
        most = format_percent(limits.share_bp)
        where = "" if variant is None else " in its experiment"
        help_text = f"write `share: {most}`{where}"
        yield f"this trial includes more than {most} of the sessions", help_text
    ends = window_of(rule, context.policy)[1]
    if ends != NEVER and ends - min(context.now, ends) > limits.length:
        longest = calendar.format_duration(limits.length)
        yield f"this trial ends later than {longest} from now", "move `until` to an earlier day"
    campaign = files.campaigns.get(rule.get("campaign") or "")
    if limits.budget and (campaign is None or not _is_bounded(campaign.block)):
        yield "this trial has no budget", "name a `campaign` that has a budget or a count"
    if rule.get("offer", "off_the") == "shipping":
        return  # Shipping has no item price; `at_most` or `amount` bounds the offer.
    floor = rule.get("offer", "floor")
    if limits.floor and (floor is None or not _FLOORS & floor.values.keys()):
        yield "this trial has no floor", "add `floor: {margin: 20%}` to its offer"


def _is_bounded(campaign: ParsedMapping) -> bool:
    return bool(campaign.get("budget") or campaign.get("count"))


def pace_without_period(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R316: `pace: even` for a budget that is not per day, week or month."""
    for name, campaign in files.campaigns.items():
        block = campaign.block
        if block.get("pace") == "even" and block.get("per", "total") == "total":
            message = f"the budget of '{name}' has no period over which it could be spread evenly"
            help_text = "add `per: week`, or remove `pace`"
            findings.add("R316", block.span_of("pace"), message, help_text)
