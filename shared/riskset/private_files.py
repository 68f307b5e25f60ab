"""Files and folders of a party are for their owner alone, and a reader finds an old or a new file, never half of one.

Each is created with the modes 0600 and 0700, whatever the umask or the mode of the folder around it. On Windows modes
do nothing: there the folder's access list protects, and the program does not set it (`unprotected`).
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from riskset.catalogue import NOTHING, Message, say


def owner_only(path: str, flags: int) -> int:
    """An opener: what it creates only the owner can read."""
    return os.open(path, flags, 0o600)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it that are missing. One that exists stays as it is."""
    if not folder.is_dir():
        make_folder(folder.parent)
        with suppress(FileExistsError):  # another process may have made it meanwhile
            folder.mkdir(mode=0o700)


def create_file(path: Path, content: bytes) -> None:
    """Creates a file and the folders above it. Raises OSError where it exists: nothing is replaced."""
    make_folder(path.parent)
    with open(path, "xb", opener=owner_only) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # a key that was reported as written must outlast a power cut


def replace_file(path: Path, content: bytes) -> None:
    """Creates or replaces a file, atomically: what is killed meanwhile leaves the old one."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        create_file(beside, content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def create_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Creates a folder with all its files, by their path in it: what is killed meanwhile leaves no folder of that name.
    Raises OSError where it exists with something in it."""
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        for path, content in files.items():
            create_file(beside / path, content)
        os.rename(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def append_to_file(path: Path, content: bytes) -> None:
    """Adds to the end of a file, and creates it where it does not exist. A power cut may take what was added last."""
    with open(path, "ab", opener=owner_only) as file:
        file.write(content)


def close_to_others(path: Path) -> None:
    """Removes other users' permissions from a file that was copied, restored or made with them; if it is there."""
    with suppress(FileNotFoundError):  # another process may remove it at any moment, as SQLite does its journal
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)


def prepare_database(path: Path) -> None:
    """Creates an empty file where another program would make its SQLite database, and closes it and what SQLite keeps
    beside it to others. SQLite gives those files the mode of the database.

    A file that is there is not opened: closing it would end the locks that this process has on it, and the next
    process to leave would delete what SQLite keeps beside it, from under this one.
    """
    make_folder(path.parent)
    if not path.exists():
        open(path, "ab", opener=owner_only).close()
    for suffix in ("", "-wal", "-shm", "-journal"):
        close_to_others(path.with_name(f"{path.name}{suffix}"))


def unprotected(folder: Path, platform: str = sys.platform) -> Message:
    """Returns what a person must do so that the folder is its owner's alone; NOTHING where its mode does it."""
    return say("files.windows", folder=str(folder)) if platform == "win32" else NOTHING
