"""The shapes of operator actions."""

from tactful.api.explanation_shapes import Shape


class ActShown(Shape, frozen=True, kw_only=True):
    """What an operator did."""

    number: int
    at: str
    who: str
    role: str
    act: str
    subject: str
    detail: str
    customer: str | None
    before: dict[str, str]
    after: dict[str, str]
    amount: int | None
    currency: str | None


class Acts(Shape, frozen=True, kw_only=True):
    """Operator actions, newest first."""

    acts: list[ActShown]
