"""A small SQLite file that a party's memory rests on: what it says is written is on the disk."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from riskset.errors import DataError
from riskset.ledger.layout import Layout

Statement = tuple[str, Sequence[object]]


class AlreadyThere(DataError):
    """What was to be written is written already, by this process or another: a key of a table is taken."""


class DurableFile:
    """Opens or makes the file; every failure is a DataError that begins with `called` and ends with `hint`.

    DataError too where the file has a layout that this version does not know; then nothing in it was changed.
    """

    def __init__(self, path: Path, layout: Layout, called: str, hint: str) -> None:
        self._words = f"{called} {path} cannot be read or written", hint
        self._layout, self._number, self._called = layout, layout.number, f"{called} {path}"
        with self._failures_told():
            path.parent.mkdir(parents=True, exist_ok=True)
            open(path, "ab", opener=_owner_only).close()  # it holds every number that was sent
            _close_to_others(path)
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None)
            # A power cut must not lose what was said to be kept: FULL would leave a moment in which the folder still
            # lists the rollback file, and the next start would take the last transaction back.
            self._db.execute("PRAGMA synchronous = EXTRA")
        try:
            self._lay_out()
        except BaseException:
            self._db.close()
            raise

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._failures_told():
            return self._db.execute(query, values).fetchall()

    def write(self, *statements: Statement) -> None:
        """Makes all changes or none; they are on the disk when this returns."""
        with self.transaction():
            self.change(*statements)

    def change(self, *statements: Statement) -> None:
        """Makes changes inside a transaction. With them a file of an earlier layout gets the number of this one."""
        with self._failures_told():
            if self._number != self._layout.number:
                self._db.execute(f"PRAGMA user_version = {self._layout.number}")
            for statement, values in statements:
                self._db.execute(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Nobody else writes inside. At its end all that was changed is on the disk; where it raises, nothing is.

        DataError where a newer version, beside this process, has given the file another layout since.
        """
        with self._failures_told():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            with self._failures_told():
                self._number = self._layout.check(self._db, self._called)
            yield
            with self._failures_told():
                self._db.execute("COMMIT")
        except BaseException:
            self._db.rollback()
            raise

    def close(self) -> None:
        self._db.close()

    def _lay_out(self) -> None:
        """Makes the tables of a new file, all or none; the number comes with them."""
        with self._failures_told():
            self._layout.check(self._db, self._called)
            is_whole = self._layout.is_whole(self._db)
        if not is_whole:
            with self.transaction():
                self.change(*((statement, ()) for statement in self._layout.statements))

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        message, hint = self._words
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise AlreadyThere(f"{message}: {error}", hint) from error
        except (sqlite3.Error, OSError) as error:
            raise DataError(f"{message}: {error}", hint) from error


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _close_to_others(path: Path) -> None:
    """Takes others' rights to a file that was copied or restored with them."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)


def utc_now() -> str:
    """Returns the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
