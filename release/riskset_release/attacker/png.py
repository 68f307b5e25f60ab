"""Reads what a PNG says beside its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_OF_PIXELS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"pHYs", b"IDAT", b"IEND"})


def unseen_in_png(data: bytes) -> Iterator[str]:
    """Yields each chunk that is not of the pixels, and what is behind the last one. ValueError where it is no PNG."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("not a PNG")
    at = len(_SIGNATURE)
    while at < len(data):
        (size,), kind = unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        if kind not in _OF_PIXELS:
            yield f"{kind.decode('latin-1')}: {data[at + 8 : at + 8 + size].decode('latin-1')}"
        at += size + 12
        if kind == b"IEND" and at < len(data):
            yield f"behind the end: {data[at:].decode('latin-1')}"
            return
