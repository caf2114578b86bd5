"""Random rules in the form of a rule file."""

from typing import Any

from hypothesis import strategies as st

SKUS = ("A", "B", "C")
BRANDS = ("Velo", "Nordek")
PATHS = ("shoes", "shoes/running", "shoes/running/trail", "shoes-care", "boots")
CAMPAIGNS = ("spring", "autumn")


def words(name: str, values: tuple[str, ...], *extra: str) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(st.sampled_from(values), min_size=1, max_size=2)
    operators = st.sampled_from(("in", "not", *extra))
    return st.one_of(
        st.sampled_from(values).map(lambda value: {name: value}),
        several.map(lambda found: {name: found}),
        st.tuples(operators, several).map(lambda pair: {name: {pair[0]: pair[1]}}),
    )


def numbers(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    pair = st.tuples(values, values).map(list)
    return st.one_of(
        st.tuples(st.sampled_from(("at_least", "at_most")), values).map(
            lambda found: {name: {found[0]: found[1]}}
        ),
        pair.map(lambda found: {name: {"between": found}}),
    )


def seconds(number: int) -> str:
    return f"{number}s"


CLAUSES = st.one_of(
    words("item.sku", SKUS),
    words("item.brand", BRANDS),
    words("item.category", PATHS, "under", "matches"),
    words("visit.campaign", CAMPAIGNS, "matches"),
    words("customer.tier", ("gold", "basic")),
    words("cart.has_item", SKUS),
    numbers("item.stock", st.integers(0, 6)),
    numbers("session.dwell", st.integers(0, 60).map(seconds)),
    numbers("customer.orders", st.integers(0, 3)),
    numbers("item.price", st.sampled_from(("10.00 EUR", "20.00 EUR", "15.00 GBP"))),
    st.sampled_from((True, False)).map(lambda flag: {"session.returned_to_item": flag}),
)
TREES = st.recursive(
    CLAUSES,
    lambda inner: st.tuples(
        st.sampled_from(("all", "any", "none")), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda pair: {pair[0]: pair[1]}),
    max_leaves=6,
)
RULES = st.fixed_dictionaries(
    {"when": st.lists(TREES, max_size=3)},
    optional={
        "unless": st.lists(TREES, max_size=2),
        "territories": st.lists(st.sampled_from(("DE", "AT")), min_size=1, max_size=2, unique=True),
        "moment": st.just("rescue"),
    },
)


def as_yaml(value: Any) -> str:
    """Return a value in the flow style of YAML, in one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {as_yaml(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(as_yaml, value)) + "]"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def as_file(rules: list[dict[str, Any]]) -> str:
    lines = ["rules:"]
    for number, one in enumerate(rules):
        lines.append(f"  - id: rule-{number:02}")
        lines += [f"    {name}: {as_yaml(value)}" for name, value in one.items()]
        lines.append("    offer: {percent: 10%}")
    return "\n".join(lines)
