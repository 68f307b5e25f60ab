"""Files and folders of a party are for their owner alone, and a reader finds an old or a new file, never half of one.

Each is created with the modes 0600 and 0700, whatever the umask or the mode of the folder around it. On Windows, where
modes do nothing, each is given to this user alone by its access list (`windows_access`): a file for secrets is not
written where that fails, and others are told of by `unprotected`.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from riskset import windows_access
from riskset.catalogue import NOTHING, Message, say

_WAITS_S: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Before a file is moved again on Windows, where a virus scanner or a reader may hold it for a moment."""
_OWN: Final[set[Path]] = set()
"""Folders that this process made and gave to its user: what is made in them inherits that."""


class NotPrivateError(OSError):
    """A file for secrets cannot be closed to other users here, so it was not written."""


def owner_only(path: str, flags: int) -> int:
    """An opener: what it creates only the owner can read."""
    return os.open(path, flags, 0o600)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it that are missing. One that exists stays as it is."""
    if not folder.is_dir():
        make_folder(folder.parent)
        with suppress(FileExistsError):  # another process may have made it meanwhile
            folder.mkdir(mode=0o700)
            _close_new(folder)


def create_file(path: Path, content: bytes, *, is_secret: bool = False) -> None:
    """Creates a file and the folders above it. Raises OSError where it exists: nothing is replaced. One that
    `is_secret` is not written where other users could read it: NotPrivateError."""
    make_folder(path.parent)
    with open(path, "xb", opener=owner_only) as file:
        is_private = _close_new(path)
        if is_private or not is_secret:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a key that was reported as written must outlast a power cut
    if is_secret and not is_private:
        path.unlink()
        raise NotPrivateError(errno.EACCES, say("files.not_private"), str(path))


def replace_file(path: Path, content: bytes, *, is_secret: bool = False) -> None:
    """Creates or replaces a file, atomically: what is killed meanwhile leaves the old one. Raises OSError where that
    cannot be done, of this path; NotPrivateError as `create_file`."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        create_file(beside, content, is_secret=is_secret)
        move(beside, path)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # the name that a person knows
        raise
    finally:
        beside.unlink(missing_ok=True)


def move(source: Path, target: Path, by: Callable[[Path, Path], None] | None = None) -> None:
    """Moves a file, in place of another one if there is one. Windows refuses that while another program has either
    open: it is then tried again for a second and a half."""
    moved = by or os.replace
    for wait_s in _WAITS_S if windows_access.is_needed() else ():
        try:
            return moved(source, target)
        except PermissionError:
            time.sleep(wait_s)
    return moved(source, target)


def create_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Creates a folder with all its files, by their path in it: what is killed meanwhile leaves no folder of that name.
    Raises OSError where it exists with something in it."""
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        for path, content in files.items():
            create_file(beside / path, content)
        move_folder(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def move_folder(source: Path, target: Path) -> None:
    """Moves a folder to a place where there is none, or an empty one. Raises OSError otherwise."""
    if windows_access.is_needed() and target.is_dir():
        target.rmdir()  # elsewhere the move itself replaces an empty folder
    move(source, target, os.rename)


def append_to_file(path: Path, content: bytes) -> None:
    """Adds to the end of a file, and creates it where it does not exist. A power cut may take what was added last."""
    is_new = not path.exists()
    with open(path, "ab", opener=owner_only) as file:
        if is_new:
            _close_new(path)
        file.write(content)


def close_to_others(path: Path) -> None:
    """Removes other users' permissions from a file that was copied, restored or made with them; if it is there."""
    with suppress(FileNotFoundError):  # another process may remove it at any moment, as SQLite does its journal
        if not windows_access.is_needed() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)


def prepare_database(path: Path) -> None:
    """Creates an empty file where another program would make its SQLite database, and closes it and what SQLite keeps
    beside it to others. SQLite gives those files the mode of the database; on Windows they have the access list of the
    folder.

    A file that is there is not opened: closing it would end the locks that this process has on it, and the next
    process to leave would delete what SQLite keeps beside it, from under this one.
    """
    make_folder(path.parent)
    if not path.exists():
        open(path, "ab", opener=owner_only).close()
        _close_new(path)
    for suffix in ("", "-wal", "-shm", "-journal"):
        close_to_others(path.with_name(f"{path.name}{suffix}"))


def unprotected(folder: Path) -> Message:
    """Returns what a person must do so that the folder is its owner's alone; NOTHING where it is. A folder that was
    there before is not taken from others without a word: they may be meant to read it."""
    is_private = not windows_access.is_needed() or any(own in _OWN for own in _with_parents(folder))
    return NOTHING if is_private else say("files.windows", folder=str(folder))


def _close_new(path: Path) -> bool:
    """Closes a file or folder that was just made to others. Returns whether it is."""
    if not windows_access.is_needed() or any(folder in _OWN for folder in _with_parents(path.parent)):
        return True
    is_private = windows_access.give_to_owner(path, is_new=True)
    if is_private and path.is_dir():
        _OWN.add(path.absolute())
    return is_private


def _with_parents(folder: Path) -> tuple[Path, ...]:
    whole = folder.absolute()
    return (whole, *whole.parents)
