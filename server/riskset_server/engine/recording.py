"""A file of every body that passed the public port: evidence of what left a hospital, and what came in.

One record: direction (1 byte, `Q` to the coordinator, `A` back), length of the path (2 bytes), length of the body
(8 bytes), both big-endian, then path and body. Bodies are the plaintext inside TLS, protobuf as Flower wrote it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from riskset.private_files import owner_only

_FRAME: Final = struct.Struct(">cHQ")
REQUEST: Final = b"Q"
ANSWER: Final = b"A"


@dataclass(frozen=True)
class RecordedMessage:
    """One body that passed. `is_request` is true for what a site sent."""

    is_request: bool
    path: str
    body: bytes = field(repr=False)


class Recorder:
    """Appends records to a file that only its owner can read; each is complete in the file when the call returns."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "ab", opener=owner_only)  # noqa: SIM115 - open as long as the server

    def write(self, direction: bytes, path: str, body: bytes) -> None:
        name = path.encode()
        self._file.write(_FRAME.pack(direction, len(name), len(body)) + name + body)
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read_recording(path: Path) -> Iterator[RecordedMessage]:
    """Yields the records in order; stops before an incomplete last one, which a killed process leaves."""
    with path.open("rb") as file:
        while len(head := file.read(_FRAME.size)) == _FRAME.size:
            direction, name_length, body_length = _FRAME.unpack(head)
            name, body = file.read(name_length), file.read(body_length)
            if len(body) < body_length:
                return
            yield RecordedMessage(direction == REQUEST, name.decode(), body)
