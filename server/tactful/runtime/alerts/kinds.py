"""The kinds of alerts, with what each means and what mends it.

A kind that a later part of the server raises gets a row in `KINDS` and a reader in
`AlertService.watch`.
"""

from typing import Final

from msgspec import Struct

from tactful.core.values.calendar import HOUR, MINUTE


class AlertKind(Struct, frozen=True):
    """What is fixed about all alerts of one kind."""

    meaning: str
    """What is wrong and what it costs, in full sentences."""
    remedy: str
    """What to do about it."""
    mended_by: str
    """The act that ends its cause, for alerts that close by themselves."""
    calm_ms: int = MINUTE
    """Milliseconds for which the cause must be gone before the alert closes by itself.

    A cause that comes and goes is one alert. For causes that are events, it is longer than a day, so
    that what happens every night is one alert.
    """


EVENT_CALM_MS: Final = 26 * HOUR
"""A day, and two hours for a nightly job that runs late."""
HOURLY_CALM_MS: Final = HOUR
"""For causes that are judged from the counts of an hour, which differ from hour to hour."""

KINDS: Final[dict[str, AlertKind]] = {
    "ledger.failing": AlertKind(
        "The ledger cannot store anything. No offers are made and no redemption succeeds.",
        "Look at `reason`. `ledger.full`: free some space, do not restart. `ledger.away`: look at the"
        " database, do not restart. `ledger.broken`: check the disk, then restart.",
        "ledger.recovered",
    ),
    "disk.low": AlertKind(
        "Less than a tenth of the disk is free. On a full disk nothing is offered or redeemed.",
        "Free some space, or shorten `retention`.",
        "disk.freed",
    ),
    "log.long": AlertKind(
        "The ledger's write-ahead log is long, because another process reads the ledger without end."
        " It grows with every commit.",
        "Find the process that reads the ledger, such as a forgotten `sqlite3` shell, and end it.",
        "log.short",
    ),
    "records.lost": AlertKind(
        "Records of browsing were lost. Explanations and reports have gaps. No promise is lost.",
        "Free some space, or check the disk.",
        "records.written",
        EVENT_CALM_MS,
    ),
    "restored": AlertKind(
        "A backup was restored. Tokens issued before it wait, and are answered with 503.",
        "Report the orders placed since the backup, then run `tactful restore --orders-complete`.",
        "orders.complete",
    ),
    "feed.stale": AlertKind(
        "A watched feed is silent. Offers that depend on the feed are withheld.",
        "Repair the feed. The next fact or heartbeat is enough.",
        "feed.heard",
    ),
    "facts.rejected": AlertKind(
        "Facts of one type are rejected. Prices, stock or complaints may be missing.",
        "Look at `code`. The answer to `POST /v1/facts` names each rejected fact and its field.",
        "facts.accepted",
        EVENT_CALM_MS,
    ),
    "deliveries.failed": AlertKind(
        "Deliveries of a connector could not be mapped. Orders, stock or complaints may be missing.",
        "Look at `GET /v1/connectors`, whose `problems` say why. Correct the cause, then map them again: `POST /v1/connectors/NAME/retry`.",
        "deliveries.mapped",
        EVENT_CALM_MS,
    ),
    "deliveries.forged": AlertKind(
        "Deliveries of a connector have a wrong signature and were refused.",
        "Compare the secret of the sender with that of the connector, and the clocks of both machines.",
        "deliveries.signed",
        EVENT_CALM_MS,
    ),
    "connector.unreadable": AlertKind(
        "A connector cannot read the other system. Its deliveries wait.",
        "Look at `message`. Check the address and the key of the connector, and whether the other system runs.",
        "connector.read",
    ),
    "connector.mass_gone": AlertKind(
        "A list of a connector lacks more than a fifth of the known items. None of them is reported as gone.",
        "Look whether the other system lists everything. If the items are gone, run `tactful connect reconcile NAME --accept-missing`.",
        "connector.compared",
    ),
    "connector.disabled": AlertKind(
        "The other system had switched deliveries off. They are switched on again, and the lists were read.",
        "Look why deliveries failed: its own log says it, or a firewall or a certificate is in the way.",
        "connector.enabled",
        EVENT_CALM_MS,
    ),
    "connector.drift": AlertKind(
        "The lists of a connector had much that no delivery had reported. It is corrected now.",
        "Run `tactful connect doctor`. Look whether the other system still sends its deliveries.",
        "connector.compared",
        EVENT_CALM_MS,
    ),
    "events.undelivered": AlertKind(
        "Events cannot be delivered to `events_url`. They wait, and none is lost.",
        "Look at `message`. Check the receiver, `events_url` and `egress_allow`.",
        "events.delivered",
    ),
    "codes.low": AlertKind(
        "A pool has few discount codes left, or none. Without a code its rules make no offers.",
        "Create more codes on the shop's platform, then run `tactful codes import FILE --pool POOL`.",
        "codes.imported",
    ),
    "offers.stopped": AlertKind(
        "An operator has stopped all offers. Nothing is offered until the stop is ended.",
        "Ask `by` whether its `reason` still holds. End the stop on the console, or with"
        " `tactful rules start`.",
        "offers.started",
    ),
    "rules.errors": AlertKind(
        "The rule files have errors. The previous rulebook stays active.",
        "Run `tactful rules check`.",
        "rulebook.active",
    ),
    "rules.missing": AlertKind(
        "The rules folder is missing or cannot be read. The previous rulebook stays active.",
        "Bring the folder back.",
        "rulebook.active",
    ),
    "rules.emptied": AlertKind(
        "The rules folder holds no rules any more. The previous rulebook stays active.",
        "Bring the files back. To offer nothing, write a file with `rules: []`.",
        "rulebook.active",
    ),
    "trial.harm": AlertKind(
        "A trial was stopped because it did harm.",
        "Review the rule. A changed rule is a new trial; `tactful rules resume` runs it unchanged.",
        "trial.changed",
    ),
    "rule.costs": AlertKind(
        "The offers of a rule cost more than they bring in, and chance does not explain it.",
        "Look at `tactful report --rule RULE`, then pause the rule with `tactful rules pause RULE`, or"
        " let it give less. Nothing is paused by itself, unless the rule is a trial.",
        "rule.changed",
    ),
    "trial.decided": AlertKind(
        "A trial has its answer: `conclusion` says whether the offers earn, cost money or make no"
        " difference worth knowing. One that costs money or makes no difference was stopped. One that"
        " earns goes on until its end, unless `trial.stop_on_lift` is set.",
        "If it earns, write `mode: live` or a larger share. Else change the rule or remove it.",
        "trial.changed",
    ),
    "experiment.srm": AlertKind(
        "The shoppers with offers and those held out are not in the ratio of their shares (sample ratio"
        " mismatch), so reports on the subject show no figures.",
        "Look for a page that fails with offers only, robots, or session ids that are not kept.",
        "ratio.fits",
    ),
    "budget.early": AlertKind(
        "A budget will be used up before its period ends, at the pace so far. Its rules are silent then.",
        "Raise the budget, spread it with `pace: even`, or let its rules give less.",
        "budget.lasts",
        HOURLY_CALM_MS,
    ),
    "offers.unredeemed": AlertKind(
        "Accepted offers of the last day were redeemed half as often as in the last four weeks.",
        "Try the checkout with an offer. Look whether redemptions are refused: `tactful_redemptions`.",
        "offers.redeemed",
        HOURLY_CALM_MS,
    ),
    "reason.doubled": AlertKind(
        "A reason for which nothing is offered has twice the share of the verdicts that it had in the"
        " same hour of the last four weeks.",
        "Look at `rules/reasons.md` for the reason. Then look at what changed: rules, facts or consent.",
        "reason.usual",
        HOURLY_CALM_MS,
    ),
    "complaints.tripled": AlertKind(
        "An item has three times the complaints of an average week of the four before.",
        "Look at its cases. Recall or exclude the item if it is faulty.",
        "complaints.usual",
    ),
    "cases.unknown": AlertKind(
        "More than 2 % of the identified shoppers have an open support case of unknown kind, which"
        " suppresses like a defect.",
        "Name tags, queues or fields for the kinds in the mapping file of the help desk, such as"
        " `kind: {tags: {question: [presales]}}`, or correct the cases on the console.",
        "cases.known",
    ),
    "clock.jumped": AlertKind(
        "The machine's clock was set. The server does not follow a large step at once.",
        "Find out what sets the clock. Correct clocks by slewing.",
        "clock.settled",
    ),
    "proxy.unnamed": AlertKind(
        "A proxy is missing in `trusted_proxies`, or sends no `X-Forwarded-For`. Its clients cannot be"
        " told apart and have no limits.",
        "Name the proxy in `trusted_proxies`, let it send `X-Forwarded-For`, and restart.",
        "proxy.named",
    ),
    "keys.unusable": AlertKind(
        "The folder of signing keys was changed and cannot be used. No accepted offer gets a token.",
        "Look at `message`, which names the file and the problem.",
        "keys.usable",
    ),
    "key.old": AlertKind(
        "The signing key is older than a year.",
        "Run `tactful keys rotate`.",
        "key.rotated",
    ),
    "backup.old": AlertKind(
        "The latest backup is older than 36 hours. What was promised since then is lost with the disk.",
        "Look why the job that runs `tactful backup` failed.",
        "backup.made",
    ),
    "backup.missing": AlertKind(
        "There has never been a backup. Everything is lost with the disk.",
        "Run `tactful backup` every night.",
        "backup.made",
    ),
}
"""Kind of an alert → what is fixed about it; the most urgent first."""
