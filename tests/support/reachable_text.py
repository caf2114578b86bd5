"""A search of everything that a program holds in memory, from one object on."""

import asyncio
import sys
from collections import deque
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from msgspec import Struct

_LEAVES = (bool, int, float, complex, type, ModuleType, BuiltinFunctionType)


def paths_to_text(root: object, text: str) -> list[str]:
    """The paths of all texts and bytes, reachable from an object, that contain a text."""
    found: list[str] = []
    seen: set[int] = set()
    kept: list[object] = []
    waiting: deque[tuple[str, object]] = deque([(type(root).__name__, root)])
    while waiting:
        path, value = waiting.popleft()
        if isinstance(value, str | bytes | bytearray | memoryview):
            content = value if isinstance(value, str) else bytes(value).decode("latin-1")
            if text in content:
                found.append(path)
            continue
        if isinstance(value, _LEAVES) or value is None or id(value) in seen:
            continue
        seen.add(id(value))
        kept.append(value)  # an id is unique only while its object lives
        waiting.extend((f"{path}{step}", part) for step, part in _parts(value))
    return found


def _parts(value: Any) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, part in [*value.items()]:
            yield f"[key {type(key).__name__}]", key
            yield f"[{key!r:.40}]", part
    elif isinstance(value, tuple | list | set | frozenset | deque):
        for number, part in enumerate([*value]):
            yield f"[{number}]", part
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield f".{name}", getattr(value, name)
    elif isinstance(value, MethodType):
        yield ".__self__", value.__self__
    elif isinstance(value, FunctionType):
        for cell in value.__closure__ or ():
            yield "<closure>", cell.cell_contents
    elif isinstance(value, asyncio.AbstractEventLoop):
        return
    else:
        yield from _attributes(value)


def _attributes(value: Any) -> Iterator[tuple[str, object]]:
    if type(value).__module__.split(".")[0] in sys.stdlib_module_names - {"functools", "asyncio"}:
        return
    if hasattr(value, "func") and hasattr(value, "args"):  # a partial
        yield ".func", value.func
        yield ".args", value.args
    for name in getattr(value, "__dict__", {}):
        yield f".{name}", value.__dict__[name]
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                yield f".{name}", getattr(value, name)
