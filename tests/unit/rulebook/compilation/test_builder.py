"""Rules, campaigns and digests that are built from parsed files."""

import pytest

from support.rule_files import check, rule, rulebook, scene
from tactful.core.rules.condition_evaluation import clauses
from tactful.core.rules.policy import Policy, ShopExclusion, TrialRails
from tactful.core.rules.rule import NEVER, NOW, FrequencyLimit, PriceTerms
from tactful.core.values.calendar import DAY, MINUTE, parse_rfc3339
from tactful.rulebook.compilation.builder import build_shop_exclusion, canonical


def test_the_version_depends_on_the_meaning_and_not_on_file_names() -> None:
    first, second = (
        "rules: [{id: a, offer: {percent: 1%}}]",
        "rules: [{id: b, offer: {percent: 1%}}]",
    )
    one, other = check(first, second).rulebook, check(second, first).rulebook
    changed = check(first, second.replace("1%", "2%")).rulebook
    assert one is not None
    assert other is not None
    assert changed is not None
    assert one.version == other.version != changed.version
    assert one.rules["a"].digest == changed.rules["a"].digest
    assert one.rules["b"].digest != changed.rules["b"].digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("when: [item.brand: [a, b]]", "when: {item.brand: {in: [b, a, b]}}"),
        ("when: [item.brand: a]", "when: [item.brand: [a]]"),
        ("when: [item.brand: a, item.sku: b]", "when: {all: [item.sku: b, item.brand: a]}"),
        ("territories: [DE, AT]", "territories: [AT, DE, AT]"),
        ("note: one", "note: other"),
        ("owner: one", "owner: other"),
        ("priority: 0", "mode: live"),
        ("schedule: [{days: mon}, {days: tue}]", "schedule: [{days: tue}, {days: mon}]"),
    ],
)
def test_a_rule_that_means_the_same_has_the_same_digest(one: str, other: str) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("when: [item.brand: a]", "unless: [item.brand: a]"),
        ("when: [item.brand: a]", "when: [item.brand: {not: a}]"),
        ("when: [{any: [item.brand: a, item.sku: b]}]", "when: [item.brand: a, item.sku: b]"),
        (
            "when: [customer.orders: {at_least: 1}]",
            "when: [customer.orders: {at_least: 1, within: 9d}]",
        ),
        ("priority: 0", "priority: 1"),
        ("schedule: {days: mon}", "schedule: {days: tue}"),
        (
            "when: [time.weekday: mon]",
            "when: [time.weekday: mon]\n    valid: {timezone: Asia/Tokyo}",
        ),
        (
            "when: [customer.last_order: {since: 2026-01-01}]",
            "when: [customer.last_order: {since: 2026-01-01}]\n    valid: {timezone: Asia/Tokyo}",
        ),
        (
            "when: [customer.orders: {at_least: 1, since: 2026-01-01}]",
            "when: [customer.orders: {at_least: 1, since: 2026-01-01}]\n    valid: {timezone: Asia/Tokyo}",
        ),
        ("valid: {from: 2026-01-01}", "valid: {from: 2026-01-01, timezone: Asia/Tokyo}"),
        ("holdout: 10%", "holdout: 20%"),
        ("on_change: keep", "on_change: drain"),
    ],
)
def test_a_rule_that_means_something_else_has_another_digest(one: str, other: str) -> None:
    assert digest(one) != digest(other)


def test_a_time_zone_without_effect_does_not_change_the_digest() -> None:
    assert digest("priority: 1") == digest("priority: 1\n    valid: {timezone: Asia/Tokyo}")


def digest(lines: str) -> str:
    compiled = check(f"rules:\n  - id: a\n    {lines}\n    offer: {{percent: 1%}}\n")
    assert compiled.rulebook is not None, compiled.diagnostics
    return compiled.rulebook.rules["a"].digest


def test_the_digest_of_a_rule_is_the_same_in_every_release() -> None:
    # Offers are stored with it: a release that forms it in another way must say so in its notes.
    text = """
    when: [item.category: {under: shoes}, session.dwell: {at_least: 30s}, customer.tier: gold]
    unless: [item.on_sale: true]
    territories: [DE]
    valid: {from: 2026-03-01, until: 2026-03-31, timezone: Europe/Berlin}
    schedule: {days: mon-fri}
    limits: {per_session: 1, per_shopper: {count: 2, per: 30d}}
    """
    assert digest(text.strip()) == "9259013b775fb5df"


def test_a_rule_without_keys_has_the_defaults_of_the_manual() -> None:
    found = rule("[]")
    assert (found.starts, found.ends, found.schedule, found.territories) == (
        NOW,
        NEVER,
        None,
        frozenset(),
    )
    assert (found.priority, found.mode, found.on_change, found.share_bp) == (
        0,
        "live",
        "keep",
        10_000,
    )
    assert (found.expires, found.max_qty, found.placement) == (15 * MINUTE, 1, "corner")
    assert [found.force, found.paused, found.remedy] == [False] * 3
    assert found.provenance == {"contextual"}


def test_a_window_is_half_open_in_the_time_zone_of_the_rule() -> None:
    berlin = rule("[]", "valid: {from: 2026-03-28, until: 2026-03-29, timezone: Europe/Berlin}")
    assert berlin.starts == parse_rfc3339("2026-03-27T23:00:00Z")
    assert berlin.ends == parse_rfc3339("2026-03-29T22:00:00Z")  # summer time has begun
    shop = rulebook(
        "policy: {timezone: Asia/Tokyo}\nrules: [{id: one, valid: {from: 2026-03-28}, offer: {gift: true}}]"
    ).rules["one"]
    assert shop.starts == parse_rfc3339("2026-03-27T15:00:00Z")


def test_a_rule_applies_to_its_share_less_its_holdout() -> None:
    assert rule("[]", "holdout: 10%").share_bp == 9000
    assert rule("[]", "holdout: 33.33%").share_bp == 6667
    text = (
        "campaigns: {c: {count: 1}}\nrules: [{id: one, mode: trial, share: 50%, holdout: 10%,"
        " valid: {until: 2026-03-31}, campaign: c, offer: {percent: 1%, floor: {margin: 1%}}}]"
    )
    assert rulebook(text).rules["one"].share_bp == 4500


@pytest.mark.parametrize(("most", "share"), [(5000, 5000), (2000, 2000), (9000, 5000)])
def test_a_trial_without_a_share_is_for_half_of_the_sessions_or_what_the_shop_allows(
    most: int, share: int
) -> None:
    text = (
        "campaigns: {c: {count: 1}}\nrules: [{id: one, mode: trial, campaign: c,"
        " offer: {percent: 1%, floor: {margin: 1%}}}]"
    )
    compiled = check(text, policy=Policy(trial=TrialRails(share_bp=most)))
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    assert compiled.rulebook.rules["one"].share_bp == share


def test_limits_are_counted_per_session_and_per_shopper() -> None:
    found = rule("[]", "limits: {per_session: 3, per_shopper: {count: 2, per: 30d}}")
    assert (found.per_session, found.per_shopper) == (3, FrequencyLimit(2, 30 * DAY))


FLOOR = "{margin: 20%, minimum: 9.00 EUR, may_undercut_target: true}"


@pytest.mark.parametrize(
    ("offer", "terms"),
    [
        ("{percent: 10%}", PriceTerms("percent", percent_bp=1000)),
        ("{amount: 5.00 EUR}", PriceTerms("amount", amounts={"EUR": 500})),
        ("{fixed: {EUR: 5, GBP: 4}}", PriceTerms("fixed", amounts={"EUR": 500, "GBP": 400})),
        ("{to_target: true}", PriceTerms("to_target")),
        ("{gift: true}", PriceTerms("gift")),
        (
            "{ladder: [{percent: 5%}, {to_target: true}]}",
            PriceTerms(
                "ladder", ladder=(PriceTerms("percent", percent_bp=500), PriceTerms("to_target"))
            ),
        ),
        (
            f"{{percent: 1%, floor: {FLOOR}, on_floor: withhold, min_saving: 2.00 EUR, ending: 95}}",
            PriceTerms(
                "percent",
                percent_bp=100,
                margin_bp=2000,
                minimum={"EUR": 900},
                may_undercut_target=True,
                on_floor="withhold",
                min_saving={"EUR": 200},
                ending=95,
            ),
        ),
        ("{percent: 1%, min_saving: 5%}", PriceTerms("percent", percent_bp=100, min_saving_bp=500)),
        (
            "{percent: 10%, off_the: order, at_most: 5.00 EUR, floor: {margin: 20%}}",
            PriceTerms(
                "percent",
                percent_bp=1000,
                level="order",
                at_most={"EUR": 500},
                margin_bp=2000,
                on_floor="withhold",
            ),
        ),
        (
            "{amount: 3.00 EUR, off_the: shipping}",
            PriceTerms("amount", amounts={"EUR": 300}, level="shipping"),
        ),
    ],
)
def test_an_offer_says_how_its_price_is_made(offer: str, terms: PriceTerms) -> None:
    assert rulebook(f"rules: [{{id: one, offer: {offer}}}]").rules["one"].price == terms


def test_a_voucher_makes_its_price_unless_the_rule_does() -> None:
    assert rulebook("rules: [{id: one, remedy: true}]").rules["one"].price == PriceTerms("remedy")
    own = "rules: [{id: one, remedy: true, offer: {percent: 5%}}]"
    assert rulebook(own).rules["one"].price.mode == "percent"


def test_a_rule_reads_the_data_of_its_fields_its_ladder_and_its_voucher() -> None:
    assert rule("[item.stock: 5]").provenance == {"contextual"}
    assert rule("[session.views: 5]").provenance == {"contextual", "pseudonymous"}
    assert rule("[customer.tier: gold]").provenance == {"contextual", "personal"}
    ladder = rulebook("rules: [{id: one, offer: {ladder: [{percent: 5%}]}}]").rules["one"]
    assert ladder.provenance == {"contextual", "pseudonymous"}
    voucher = rulebook("rules: [{id: one, remedy: true}]").rules["one"]
    assert voucher.provenance == {"contextual", "personal"}


def test_a_campaign_has_a_budget_a_period_and_a_time_zone() -> None:
    text = """
    policy: {timezone: Europe/Berlin}
    campaigns:
      a: {budget: {EUR: 5.00, GBP: 4.00}, per: week, pace: even, timezone: UTC}
      b: {count: 3}
    rules: [{id: r, campaign: a, offer: {percent: 1%}}, {id: s, campaign: b, offer: {percent: 1%}}]
    """
    found = rulebook(text).campaigns
    assert (found["a"].money, found["a"].count, found["a"].per) == (
        {"EUR": 500, "GBP": 400},
        None,
        "week",
    )
    assert (found["a"].pace, found["a"].timezone) == ("even", "UTC")
    assert (found["b"].money, found["b"].count, found["b"].per) == ({}, 3, "total")
    assert (found["b"].pace, found["b"].timezone) == ("none", "Europe/Berlin")


def test_the_condition_of_a_rule_is_its_moment_its_when_and_none_of_its_unless() -> None:
    found = rule("[item.stock: 5]", "moment: rescue\nunless: [item.on_sale: true]")
    assert [clause.text for clause in clauses(found.condition)] == [
        "moment: rescue",
        "item.stock: 5",
        "item.on_sale: true",
    ]
    [moment, *_] = clauses(found.condition)
    assert (moment.read(scene(rescue=True)), moment.read(scene())) == ("rescue", "none")


def test_no_condition_is_canonically_nothing() -> None:
    assert canonical(None) is None


def test_an_exclusion_without_an_id_gets_one_from_its_content() -> None:
    texts = ("{brands: Velo, note: n, owner: o}", "{brands: [Velo], note: n, owner: o}")
    first, second = (rulebook(f"exclude: [{text}]").exclusions[0] for text in texts)
    assert first == second
    assert first.id.startswith("exclusion-")


def test_the_windows_of_exclusions_and_bans_are_in_the_zone_of_the_policy() -> None:
    book = rulebook("""
    policy: {timezone: Europe/Berlin}
    exclude:
      - {id: x, categories: [/Boots/], valid: {from: 2026-04-01, until: 2026-04-01}, note: n, owner: o}
    forbid_inputs: {US-NY: {inputs: personal, from: 2026-07-01}, DE: [personal]}
    """)
    [one] = book.exclusions
    assert one.categories == {"boots"}
    assert one.starts == parse_rfc3339("2026-03-31T22:00:00Z")
    assert one.ends == parse_rfc3339("2026-04-01T22:00:00Z")
    assert [ban.starts for ban in book.input_bans] == [NOW, parse_rfc3339("2026-06-30T22:00:00Z")]


def test_a_markup_is_part_of_the_price_and_of_the_digest() -> None:
    plain = rule("[]", "")
    text = "rules: [{id: one, offer: {percent: 10%, floor: {markup: 25%}}}]"
    one = rulebook(text).rules["one"]
    assert one.price.markup_bp == 2500
    assert one.price.needs_cost
    assert one.digest != plain.digest


def test_an_exclusion_of_the_configuration_holds_always_unless_it_names_a_time() -> None:
    always = build_shop_exclusion(ShopExclusion("gifts", "care", {"skus": ("GIFT-50",)}))
    assert (always.skus, always.starts, always.ends) == (frozenset({"GIFT-50"}), NOW, NEVER)
    timed = ShopExclusion("new", "care", {"brands": (" Velo",)}, starts=5, ends=9)
    built = build_shop_exclusion(timed)
    assert (built.brands, built.starts, built.ends) == (frozenset({"velo"}), 5, 9)
