"""How often a shopper has been approached, and what they asked us to leave alone."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, field, structs


class Approach(Struct, frozen=True, gc=False, array_like=True):
    """One pushed offer; it counts for good once `shown`, and until its end before that."""

    offer: str
    rule: str
    session: str
    at: int
    shown: bool = False


class Cooldown(Struct, frozen=True, gc=False, array_like=True):
    """Leave `key` alone until an instant; `scope`: `rule`, `product`, or `remedy` for one used up."""

    scope: str
    key: str
    until: int


class ContactHistory(Struct, frozen=True, gc=False):
    """The contact history of one shopper."""

    approaches: tuple[Approach, ...] = ()
    cooldowns: tuple[Cooldown, ...] = field(default=(), name="rests")
    quiet_until: int = 0

    def with_approach(self, offer: str, rule: str, session: str, at: int) -> "ContactHistory":
        """With one more approach reserved."""
        mark = Approach(offer, rule, session, at)
        return structs.replace(self, approaches=(*self.approaches, mark))

    def with_shown(self, offer: str) -> "ContactHistory":
        """With an approach counted for good."""
        marks = tuple(
            structs.replace(mark, shown=True) if mark.offer == offer else mark
            for mark in self.approaches
        )
        return self if marks == self.approaches else structs.replace(self, approaches=marks)

    def without_reservation(self, offer: str) -> "ContactHistory":
        """Without the reservation of an offer that ended unseen."""
        marks = tuple(m for m in self.approaches if m.offer != offer or m.shown)
        return self if marks == self.approaches else structs.replace(self, approaches=marks)

    def with_cooldown(self, scope: str, key: str, until: int) -> "ContactHistory":
        """With a rule or product left alone until `until`, or longer if it already is."""
        others = tuple(r for r in self.cooldowns if (r.scope, r.key) != (scope, key))
        return structs.replace(
            self,
            cooldowns=(*others, Cooldown(scope, key, max(until, self.cooldown_until(scope, key)))),
        )

    def with_quiet_until(self, until: int) -> "ContactHistory":
        """With everything left alone until `until`, or longer if it already is."""
        return structs.replace(self, quiet_until=max(until, self.quiet_until))

    def cooldown_until(self, scope: str, key: str) -> int:
        """Until when a rule or product is left alone; 0: it is not."""
        return next((r.until for r in self.cooldowns if r.scope == scope and r.key == key), 0)

    def without_cooldown(self, scope: str, key: str) -> "ContactHistory":
        """Without a rest."""
        cooldowns = tuple(r for r in self.cooldowns if (r.scope, r.key) != (scope, key))
        return structs.replace(self, cooldowns=cooldowns)

    def pruned(self, now: int, counts: Callable[[Approach], bool]) -> "ContactHistory":
        """Without the rests that are over and the approaches that no cap counts any more."""
        return structs.replace(
            self,
            approaches=tuple(mark for mark in self.approaches if counts(mark)),
            cooldowns=tuple(one for one in self.cooldowns if one.until > now),
        )


NO_CONTACT = ContactHistory()


def cap_frees_at(lately: Sequence[int], count: int, per: int) -> int | None:
    """When the oldest of so many approaches falls out of the window; None: there is never room."""
    return lately[-count] + per if count else None


def merge_histories(one: ContactHistory, other: ContactHistory) -> ContactHistory:
    """Both histories as one shopper's: approaches united by offer id, rests at their maximum."""
    if not (other.approaches or other.cooldowns or other.quiet_until):
        return one
    united = one.with_quiet_until(other.quiet_until)
    for rest in other.cooldowns:
        united = united.with_cooldown(rest.scope, rest.key, rest.until)
    return structs.replace(united, approaches=_united(one.approaches, other.approaches))


def _united(one: Iterable[Approach], other: Iterable[Approach]) -> tuple[Approach, ...]:
    by_offer: dict[str, Approach] = {}
    for mark in (*one, *other):
        known = by_offer.get(mark.offer)
        if known is None or mark.shown:
            by_offer[mark.offer] = mark
    return tuple(sorted(by_offer.values(), key=lambda mark: (mark.at, mark.offer)))
