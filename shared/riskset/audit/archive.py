"""A bundle as one file: a zip archive in the one form in which it is written, so that no byte of it can differ.

Members are in the order of their paths, stored without compression, dated 1980-01-01, with mode 0600 and no comment.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from typing import Final

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.visible_text import unseen

_DATE: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o600 << 16
_HEADER: Final = struct.Struct("<4s5H3I2H")
"""Of a member: signature, version, flags, method, time, date, CRC, stored size, size, lengths of name and extra."""
_ENTRY_OF_INDEX: Final = struct.Struct("<4s6H3I5H2I")
"""Of the same member at the end of the archive, before its path."""
_MEMBER: Final = b"PK\x03\x04"
_INDEX: Final = b"PK\1\2"
_LONGEST_PATH: Final = 300


class NotAsWritten(DataError):
    """An archive is not what `pack` writes."""

    files: Mapping[str, bytes] | None = None
    """Its files, where all could be read, and something else differs; to look further."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """Returns the archive of files by their path: the same bytes for the same files. Raises NotAsWritten where there
    are more than an archive of this form can hold: 65,535 files, 2 GiB."""
    target = io.BytesIO()
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
            for path, content in sorted(files.items()):
                member = zipfile.ZipInfo(path, _DATE)
                member.create_system, member.external_attr = _UNIX, _MODE
                archive.writestr(member, content)
    except zipfile.LargeZipFile:
        raise NotAsWritten(say("audit.archive.large"), say("audit.archive.hint")) from None
    return target.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Returns the files of an archive by their path. Raises NotAsWritten unless it is what `pack` writes of them: with
    the member, and the place in the file, where it is not."""
    files: dict[str, bytes] = {}
    at, before, last = 0, 0, ""
    while data.startswith(_MEMBER, at):
        path, start, end = _member(data, at, last)
        if path <= last:  # each path once, in their order: which of the two was changed cannot be known
            raise _not_as_written(before, say("audit.archive.order", path=path, last=last))
        if end > len(data):
            raise _not_as_written(at, say("audit.archive.between", path=path, last=last) if last else _after(last))
        files[path] = data[start:end]
        before, at, last = at, end, path
    if not files:
        raise NotAsWritten(say("audit.archive.none"), say("audit.archive.hint"))
    as_written = pack(files)
    if as_written != data:
        wrong = _not_as_written(*_first_difference(as_written, data, files, last))
        wrong.files = files
        raise wrong
    return files


def _member(data: bytes, at: int, last: str) -> tuple[str, int, int]:
    """Returns the path of the member whose header is there, and where its content starts and ends; `last` is the path
    of the member before it, empty for none."""
    header = data[at : at + _HEADER.size]
    if len(header) < _HEADER.size:
        raise _not_as_written(at, _after(last))
    *_, size, of_name, of_extra = _HEADER.unpack(header)
    start = at + _HEADER.size + of_name
    try:
        path = data[at + _HEADER.size : start].decode()
    except UnicodeDecodeError:
        raise _not_as_written(at, _after(last)) from None
    if of_extra or not _is_path(path):
        raise _not_as_written(at, _after(last))
    return path, start, start + size


def _is_path(path: str) -> bool:
    """Whether a path can be shown, and leads to a file below the folder in which somebody unpacks it."""
    is_shown = len(path) <= _LONGEST_PATH and not unseen(path)
    return (
        is_shown
        and "\\" not in path
        and ":" not in path
        and all(part not in ("", ".", "..") for part in path.split("/"))
    )


def _first_difference(as_written: bytes, data: bytes, files: Mapping[str, bytes], last: str) -> tuple[int, Message]:
    """Returns the first byte that differs, and where that is."""
    length = min(len(as_written), len(data))
    at = next((i for i in range(length) if as_written[i] != data[i]), length)
    end = 0
    for path, content in sorted(files.items()):
        end += _HEADER.size + len(path.encode()) + len(content)
        if at < end:
            return at, say("audit.archive.member", path=path)
    for path in sorted(files) if data.startswith(_INDEX, end) else ():
        end += _ENTRY_OF_INDEX.size + len(path.encode())
        if at < end:
            return at, say("audit.archive.index", path=path)
    return at, _after(last)


def _after(last: str) -> Message:
    return say("audit.archive.after", path=last) if last else say("audit.archive.first")


def _not_as_written(at: int, where: Message) -> NotAsWritten:
    return NotAsWritten(say("audit.archive.differs", at=at, where=where), say("audit.archive.hint"))
