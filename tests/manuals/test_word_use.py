"""Every top-level word of the rule language earns its place: a rule file of the repository uses it."""

from tools.word_use import PLACES, table, uses, words

UNUSED = {
    ("rule", "holdout"): "measures one rule; the rule files here measure all, with policy.holdout",
}
"""Words that no rule file uses, and why they stay."""


def test_every_top_level_word_is_used_by_a_rule_file_or_has_a_reason() -> None:
    used = set().union(*(uses(place) for place in PLACES))
    assert {word for word in words() if word not in used} == set(UNUSED)


def test_most_words_are_used_by_the_starter_rules() -> None:
    starter = uses(PLACES[0])
    assert sum(starter[word] > 0 for word in words()) * 2 > len(words())


def test_the_table_has_a_line_for_each_word() -> None:
    assert len(table().splitlines()) == len(words()) + 2
