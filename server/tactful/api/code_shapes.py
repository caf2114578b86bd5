"""Shapes of the responses about pools of discount codes, for the OpenAPI document."""

from tactful.api.explanation_shapes import Shape


class CodePoolShown(Shape, frozen=True, kw_only=True):
    """How many codes of a pool have each state."""

    pool: str
    free: int
    reserved: int
    """Those of offers that shoppers have not answered yet."""
    handed_out: int
    """Those that shoppers know, and have not used as far as was reported."""
    used: int
    withdrawn: int
    ended: int
    """Those that no offer has, and that the platform takes no more."""
    rules: list[str]
    """The rules that draw on the pool."""


class CodePoolsShown(Shape, frozen=True, kw_only=True):
    """All pools, in order of their names."""

    pools: list[CodePoolShown]


class RejectedCode(Shape, frozen=True, kw_only=True):
    """A code that was not added."""

    index: int
    """Its place in the request, from 0."""
    code: str
    """`code.malformed` or `code.ended`."""
    message: str


class CodesImported(Shape, frozen=True, kw_only=True):
    """What became of the codes of a request."""

    pool: str
    added: int
    known: list[str]
    """Codes that were there before, in any pool, or twice in the request."""
    rejected: list[RejectedCode]
    free: int
    """The free codes of the pool now."""


class CodesWithdrawn(Shape, frozen=True, kw_only=True):
    """How many free codes were withdrawn."""

    pool: str
    withdrawn: int
