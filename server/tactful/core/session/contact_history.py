"""Contact history: how often a shopper was approached, and what is in a cooldown.

It enforces nothing itself: gate 9 and the limits of rules read it. Approaches are reserved when an
offer is pushed and count for good once it was shown (server/SEMANTICS.md, section 6, rules 7 and
8).
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, field, structs


class Approach(Struct, frozen=True, gc=False, array_like=True):
    """One pushed offer. Until it is `shown`, the approach ends with the offer."""

    offer: str
    """The id of the offer."""
    rule: str
    """The id of the rule that pushed it."""
    session: str
    """The id of the session in which it was pushed."""
    at: int
    """When it was pushed, milliseconds since the Unix epoch, UTC."""
    shown: bool = False
    """Whether the shopper saw it, so that it counts for good."""


class Cooldown(Struct, frozen=True, gc=False, array_like=True):
    """A rule or product that is not offered again until an instant."""

    scope: str
    """`rule`, `product`, `remedy` for a voucher that was used, or `accepted` for one that is accepted."""
    key: str
    """The id of the rule, product or remedy; for `accepted`, those of the remedy and the offer."""
    until: int
    """The end of the cooldown, exclusive, milliseconds since the Unix epoch, UTC."""


class ContactHistory(Struct, frozen=True, gc=False):
    """The contact history of one shopper or customer.

    Methods return a changed copy, or the same object where nothing changes.
    """

    approaches: tuple[Approach, ...] = ()
    """In the order of their pushes."""
    cooldowns: tuple[Cooldown, ...] = field(default=(), name="rests")
    """At most one per scope and key."""
    quiet_until: int = 0
    """The end of the quiet period, exclusive, milliseconds since the Unix epoch, UTC; 0: none."""

    def with_approach(self, offer: str, rule: str, session: str, at: int) -> "ContactHistory":
        """Return the history with one more approach reserved.

        Args:
            offer: The id of the offer.
            rule: The id of its rule.
            session: The id of the session.
            at: When it was pushed, milliseconds since the Unix epoch, UTC.

        Returns:
            The longer history.
        """
        approach = Approach(offer, rule, session, at)
        return structs.replace(self, approaches=(*self.approaches, approach))

    def with_shown(self, offer: str) -> "ContactHistory":
        """Return the history with an offer's approach counted for good."""
        changed = tuple(
            structs.replace(one, shown=True) if one.offer == offer else one
            for one in self.approaches
        )
        return self if changed == self.approaches else structs.replace(self, approaches=changed)

    def without_reservation(self, offer: str) -> "ContactHistory":
        """Return the history without the approach of an offer that ended unseen."""
        left = tuple(one for one in self.approaches if one.offer != offer or one.shown)
        return self if left == self.approaches else structs.replace(self, approaches=left)

    def with_cooldown(self, scope: str, key: str, until: int) -> "ContactHistory":
        """Return the history with a cooldown; an existing one is never shortened.

        Args:
            scope: `rule`, `product` or `remedy`.
            key: The id of the rule, product or remedy.
            until: The end, milliseconds since the Unix epoch, UTC.

        Returns:
            The history with the later of both ends.
        """
        # One entry per scope and key: a repeated dismissal must not make the history grow.
        others = tuple(one for one in self.cooldowns if (one.scope, one.key) != (scope, key))
        until = max(until, self.cooldown_until(scope, key))
        return structs.replace(self, cooldowns=(*others, Cooldown(scope, key, until)))

    def with_quiet_until(self, until: int) -> "ContactHistory":
        """Return the history with a quiet period until `until`, or longer if there is one."""
        return structs.replace(self, quiet_until=max(until, self.quiet_until))

    def cooldown_until(self, scope: str, key: str) -> int:
        """Return a cooldown's end, milliseconds since the Unix epoch, UTC; 0: there is none."""
        for one in self.cooldowns:
            if one.scope == scope and one.key == key:
                return one.until
        return 0

    def with_accepted_voucher(self, remedy: str, offer: str, until: int) -> "ContactHistory":
        """Return the history with a voucher that no other offer may use until an instant.

        Args:
            remedy: The id of the voucher.
            offer: The id of the offer that was accepted.
            until: The end of the acceptance, milliseconds since the Unix epoch, UTC.
        """
        return self.with_cooldown("accepted", f"{remedy}/{offer}", until)

    def voucher_frees_at(self, remedy: str, offer: str | None = None) -> int:
        """Return from when an offer may use a voucher, milliseconds since the Unix epoch, UTC.

        Args:
            remedy: The id of the voucher.
            offer: The id of the offer; its own acceptance does not count. None: a new offer.

        Returns:
            0: it may be used at once.
        """
        ends = [0]
        for one in self.cooldowns:
            voucher, _, holder = one.key.rpartition("/")
            accepted = one.scope == "accepted" and voucher == remedy and holder != offer
            if accepted or (one.scope, one.key) == ("remedy", remedy):
                ends.append(one.until)
        return max(ends)

    def without_cooldown(self, scope: str, key: str) -> "ContactHistory":
        """Return the history without a cooldown."""
        left = tuple(one for one in self.cooldowns if (one.scope, one.key) != (scope, key))
        return structs.replace(self, cooldowns=left)

    def pruned(self, now: int, counts: Callable[[Approach], bool]) -> "ContactHistory":
        """Return the history without what cannot matter any more.

        Args:
            now: Milliseconds since the Unix epoch, UTC. Cooldowns that ended by now are removed.
            counts: Whether a cap still counts an approach.

        Returns:
            The shorter history.
        """
        if not self.approaches and not self.cooldowns:
            return self
        return structs.replace(
            self,
            approaches=tuple(one for one in self.approaches if counts(one)),
            cooldowns=tuple(one for one in self.cooldowns if one.until > now),
        )


NO_CONTACT = ContactHistory()
"""The history of a shopper who was never approached."""


def cap_frees_at(recent: Sequence[int], count: int, per: int) -> int | None:
    """Return when a sliding cap allows another approach.

    Args:
        recent: The instants of the approaches within the window, ascending, in milliseconds since
            the Unix epoch, UTC; at least `count` of them.
        count: The cap.
        per: The length of the window, in milliseconds.

    Returns:
        The instant from which fewer than `count` approaches remain in the window; None for a cap of
        0, which never allows any.
    """
    return recent[-count] + per if count else None


def merge_histories(one: ContactHistory, other: ContactHistory) -> ContactHistory:
    """Return both histories as those of one shopper (server/SEMANTICS.md, section 8, rule 2).

    Args:
        one: The customer's history.
        other: The history of the anonymous shopper who became that customer.

    Returns:
        The approaches of both, united by offer id, so that a repeated login counts none twice. For
        cooldowns and quiet periods, the later end counts.
    """
    # The common case at every page load of a customer: nothing to merge, and nothing to write.
    if not (other.approaches or other.cooldowns or other.quiet_until):
        return one
    united = one.with_quiet_until(other.quiet_until)
    for cooldown in other.cooldowns:
        united = united.with_cooldown(cooldown.scope, cooldown.key, cooldown.until)
    return structs.replace(united, approaches=_united(one.approaches, other.approaches))


def _united(one: Iterable[Approach], other: Iterable[Approach]) -> tuple[Approach, ...]:
    """Return the approaches of both, one per offer, as shown if either history says so."""
    by_offer: dict[str, Approach] = {}
    for approach in (*one, *other):
        known = by_offer.get(approach.offer)
        if known is None or approach.shown:
            by_offer[approach.offer] = approach
    # Sorted, so that the order of the logins does not show in the bytes of the decision.
    return tuple(sorted(by_offer.values(), key=lambda approach: (approach.at, approach.offer)))
