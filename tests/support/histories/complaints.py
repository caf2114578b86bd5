"""Histories of complaints: merged, reopened, told late, or about what is not known yet."""

from journeys.fixture import money, product
from support.histories.telling import (
    DEFECT,
    FREE,
    SETS,
    ago,
    both,
    bought,
    gone,
    history,
    over,
    shop,
    ticket,
    v,
)

NUMBERED = [
    {"sku": "RUN-42", "qty": 1, "unit": money(12900), "line": "1"},
    {"sku": "BOOT-42", "qty": 1, "unit": money(18900), "line": "2"},
]
LINE = {"order": "o1", "line": "2"}
ONE_LINE = {"RUN-42": {"owned.already"}, "BOOT-42": {"owned.already", "complaint.open"}}
BOTH_LINES = {sku: {"owned.already", "complaint.open"} for sku in ONE_LINE}

COMPLAINTS = {
    "a chain of merges ends at the last merge": history(
        {"RUN-42": {"complaint.cooldown"}, "TRAIL-42": {"complaint.cooldown"}},
        v(1, ticket("defect", "k1")), v(1, ticket("defect", "k2", 2, skus=["TRAIL-42"])),
        v(1, over(ticket("defect", "k3", 300, skus=["BOOT-42"]), 200)),
        v(2, ticket("defect", "k1"), status="merged", merged_into="k2"),
        v(2, ticket("defect", "k2", 2, skus=["TRAIL-42"]), status="merged", merged_into="k3"),
    ),
    "a case merged into one that never came stays open": history(
        both("complaint.open"), ticket("defect", status="merged", merged_into="k9")),
    "two cases merged into one another stay open": history(
        both("complaint.open"),
        ticket("defect", status="merged", merged_into="k2"),
        ticket("defect", "k2", skus=["RUN-43"], status="merged", merged_into="k1")),
    "a merge that is undone gives the case its own end": history(
        both("complaint.cooldown"),
        v(1, over(ticket("defect", "k2", 300), 200)), v(1, DEFECT),
        v(2, DEFECT, status="merged", merged_into="k2"), v(3, over(DEFECT, 0.5))),
    "a report that is older than the last one changes nothing": history(
        both("complaint.cooldown"), v(5, over(DEFECT)), v(3, DEFECT)),
    "a case that is opened again loses its cooldown": history(
        both("complaint.open"), v(1, DEFECT), v(2, over(DEFECT)), 3, v(3, DEFECT)),
    "the last arrival of one version counts": history(
        both("complaint.open"), v(2, over(DEFECT)), v(2, DEFECT)),
    "a version that was taken before does not come back": history(
        both("complaint.cooldown"), v(2, DEFECT), v(2, over(DEFECT)), v(2, DEFECT), modelled=False),
    "a ticket told after its cooldown suppresses nothing": history(
        FREE, over(ticket("defect", opened=200), 90)),
    "a ticket told late suppresses for what is left": history(
        both("complaint.cooldown"), over(ticket("defect", opened=200), 89.99)),
    "a case whose end nobody dates ends at its report": history(
        both("complaint.cooldown"), v(1, ticket("defect", opened=200)),
        v(2, over(ticket("defect", opened=200), None)), 89),
    "and 90 days later it is over": history(
        FREE, v(1, ticket("defect", opened=200)),
        v(2, over(ticket("defect", opened=200), None)), 90),
    "a date of 1970 is no date": history(
        both("complaint.cooldown"),
        over(ticket("defect", opened=200), None, resolved_at="1970-01-01T00:00:00Z")),
    "an end in the local time of Berlin, exactly 90 days ago": history(
        FREE, over(ticket("defect", opened=99), None, resolved_at=ago(90, "+01:00"))),
    "an end in the local time of Berlin, a minute later": history(
        both("complaint.cooldown"),
        over(ticket("defect", opened=99), None, resolved_at=ago(90 - 1 / 1440, "+01:00"))),
    "an end in the local time of Auckland on the next calendar day": history(
        FREE, over(ticket("defect", opened=99), None, resolved_at=ago(90.2, "+13:00"))),
    "an end in Kathmandu, whose offset has minutes": history(
        both("complaint.cooldown"),
        over(ticket("defect", opened=99), None, resolved_at=ago(89.999, "+05:45"))),
    "a cooldown over a change of the clocks lasts whole days": history(
        both("complaint.cooldown"), over(DEFECT, 0), 89.99),
    "a rejected case suppresses as a resolved one": history(
        both("complaint.cooldown"), over(DEFECT, 0.5, "rejected")),
    "an unknown kind that turns out to be a question": history(
        FREE, v(1, ticket("unknown")), v(2, ticket("question"))),
    "an unknown kind that turns out to be about service": history(
        shop("service.open"), v(1, ticket("unknown")), v(2, ticket("service"))),
    "an unknown kind": history(both("complaint.unknown"), ticket("unknown")),
    "another matter that names its item": history(both("complaint.open"), ticket("other")),
    "another matter that ended 7 days ago": history(FREE, over(ticket("other", opened=9), 7)),
    "another matter of a customer who bought it": history(
        both("owned.already"), bought(40), ticket("other", skus=[])),
    "a wrong item concerns the whole order": history(
        {"RUN-42": {"owned.already", "complaint.open"}, "BOOT-42": {"owned.already", "complaint.open"}},
        bought(90, "RUN-42", "BOOT-42"), ticket("wrong_item", order="o1", skus=["BOOT-42"])),
    "a wrong item without an order concerns what it names": history(
        both("complaint.open"), ticket("wrong_item")),
    "a complaint about an item that nobody knows, by a customer without orders": history(
        shop("complaint.open"), ticket("defect", skus=["NO-SUCH"])),
    "a complaint about an order that arrives later concerns its items": history(
        {"BOOT-42": {"owned.already", "complaint.open"}, "RUN-42": set()},
        ticket("defect", order="o1", opened=0), bought(40, "BOOT-42")),
    "a complaint about an order that is not there yet concerns everything": history(
        shop("complaint.open"), ticket("defect", order="o1", opened=0)),
    "what was bought after an unclear complaint is not concerned": history(
        {"RUN-42": {"owned.already", "complaint.open"}, "BOOT-42": {"owned.already"}},
        bought(40), bought(5, "BOOT-42", name="o2"), ticket("defect", opened=10, skus=[])),
    "a complaint of somebody else about my order": history(
        {"RUN-42": {"owned.already", "complaint.open"}},
        bought(40), ticket("defect", order="o1", customer=None)),
    "a complaint about what I bought as a present": history(
        both("complaint.open"), ticket("defect", purchaser="c1", customer="c7")),
    "two complaints about one brand": history(
        {"SOCK-3": {"complaint.brand"}, "BOOT-42": set(), "RUN-42": {"complaint.open", "complaint.brand"}},
        DEFECT, ticket("unknown", "k2", 100, skus=["TRAIL-42"])),
    "two complaints about one brand, 181 days apart": history(
        {"SOCK-3": set()}, DEFECT, over(ticket("defect", "k2", 182.01, skus=["TRAIL-42"]), 100)),
    "two complaints about one product are not two about its brand": history(
        {"SOCK-3": set()}, DEFECT, ticket("defect", "k2", skus=["RUN-43"])),
    "two complaints of which one is a duplicate of the other": history(
        {"SOCK-3": set()}, DEFECT,
        ticket("defect", "k2", skus=["TRAIL-42"], status="merged", merged_into="k1")),
    "a complaint about a part of a set": history(
        {"SET-1": {"complaint.component"}, "BOOT-42": {"complaint.open"}},
        *SETS, ticket("defect", skus=["BOOT-42"])),
    "a complaint about a set": history(
        {"SET-1": {"complaint.open", "complaint.component"}, "SOCK-3": {"complaint.open"}, "RUN-42": set()},
        *SETS, ticket("defect", skus=["SET-1"])),
    "a case that ends in five days is open": history(both("complaint.open"), over(DEFECT, -5)),
    "a case that ended as was said before": history(
        both("complaint.cooldown"), over(DEFECT, -5), 94.9),
    "a case that ended as was said before, 90 days later": history(FREE, over(DEFECT, -5), 95),
    "a version that is an instant comes after a number": history(
        both("complaint.cooldown"), v(7, DEFECT), {**over(DEFECT), "version": ago(0)}),
    "a duplicate that is none after all": history(
        {"SOCK-3": {"complaint.brand"}}, DEFECT,
        v(1, ticket("defect", "k2", skus=["TRAIL-42"], status="merged", merged_into="k1")),
        v(2, ticket("defect", "k2", skus=["TRAIL-42"]))),
    "a case merged into one of another customer": history(
        both("complaint.open"), v(1, DEFECT), ticket("defect", "k2", customer="c2"),
        v(2, DEFECT, status="merged", merged_into="k2")),
    "a case merged into a closed one of another customer": history(
        both("complaint.cooldown"), v(1, DEFECT),
        over(ticket("defect", "k2", 300, customer="c2"), 200),
        v(2, DEFECT, status="merged", merged_into="k2")),
    "a defect merged into a question stays a defect": history(
        both("complaint.open"), v(1, DEFECT), ticket("question", "k2"),
        v(2, DEFECT, status="merged", merged_into="k2")),
    "a defect merged into a case about service is both": history(
        {"RUN-42": {"complaint.open", "service.open"}, "BOOT-42": {"service.open"}},
        v(1, DEFECT), ticket("service", "k2"), v(2, DEFECT, status="merged", merged_into="k2")),
    "a complaint about an item that becomes a part of a set": history(
        {"SET-1": {"complaint.component"}}, ticket("defect", skus=["BOOT-42"]), *SETS),
    "a complaint about an item that is no part of the set any more": history(
        {"SET-1": set()}, *SETS, ticket("defect", skus=["BOOT-42"]),
        v(9, product("SET-1", "Set", None, "sets", components=["SOCK-3"]))),
    "a complaint about one line of an order": history(
        ONE_LINE, bought(60, lines=NUMBERED), ticket("defect", skus=[], lines=[LINE]),
        modelled=False),
    "a complaint about a line of an order that arrives later": history(
        ONE_LINE, ticket("defect", skus=[], lines=[LINE]), bought(60, lines=NUMBERED),
        modelled=False),
    "a complaint about a line by the name of the order's cart": history(
        ONE_LINE, bought(60, lines=NUMBERED, also=["cart-7"]),
        ticket("defect", skus=[], lines=[{"order": "cart-7", "line": "2"}]), modelled=False),
    "a complaint about a line that the order does not have": history(
        BOTH_LINES, bought(60, lines=NUMBERED),
        ticket("defect", skus=[], lines=[{"order": "o1", "line": "9"}]), modelled=False),
    "a complaint about a name that two orders have": history(
        BOTH_LINES, bought(60, also=["x7"]), bought(60, "BOOT-42", name="o2", also=["x7"]),
        ticket("defect", order="x7"), modelled=False),
    "a complaint about an order whose id is another one's name": history(
        BOTH_LINES, bought(60), bought(60, "BOOT-42", name="o2", also=["o1"]),
        ticket("defect", order="o1"), modelled=False),
    "a complaint about an order that is gone": history(
        {"RUN-42": {"complaint.open"}, "BOOT-42": set()},
        v(1, bought(60)), ticket("defect", order="o1"), v(2, gone("order", order="o1")),
        modelled=False),
}  # fmt: skip
