"""What the parties of a rehearsal derive from the same messages: they share a process, and one derives it for all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Derived = TypeVar("Derived")
_known: ContextVar[dict[Hashable, tuple[object, object]] | None] = ContextVar("known", default=None)


@contextmanager
def derived_once() -> Iterator[None]:
    """Inside the context, of the parties that hold the same history the first derives what follows from a round, and
    the others have it from there. Each still checks what it was sent. A context is for the answers to one request: what
    the coordinator derives, and a site that starts again from its journal, is derived anew."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def once(holder: object, of: Hashable, derive: Callable[[], Derived]) -> Derived:
    """Returns what `derive` returns: of one `holder`, which is that object and no equal one, and the same messages `of`
    only once in a context. What raises is not kept."""
    known = _known.get()
    if known is None:
        return derive()
    key = (id(holder), of)
    if key not in known:
        known[key] = (holder, derive())  # the holder is kept, or another object could get its id
    return known[key][1]  # type: ignore[return-value]  # what this `derive` returned
