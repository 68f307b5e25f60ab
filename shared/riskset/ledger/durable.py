"""A small SQLite file that holds a party's memory: what it reports as written is on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.ledger.layout import FileLayout
from riskset.private_files import prepare_database

Statement = tuple[str, Sequence[object]]


class AlreadyThere(DataError):
    """This row was written before, by this process or another one: its key exists."""


class DurableFile:
    """Opens or creates the file. Every failure is a DataError that names the file as `called` and has this `hint`.

    Raises DataError too where the file has a layout that this version does not know; then nothing in it was changed.
    """

    def __init__(self, path: Path, layout: FileLayout, called: Message, hint: Message) -> None:
        self._path, self._called, self._hint = path, called, hint
        self._layout, self._number = layout, layout.number
        with self._as_data_errors():
            prepare_database(path)  # it holds every number that was sent
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None)
            # A power cut must not lose what was reported as written: with FULL there is a moment in which the folder
            # still lists the rollback file, and the next start would undo the last transaction.
            self._db.execute("PRAGMA synchronous = EXTRA")
        try:
            self._lay_out()
        except BaseException:
            self._db.close()
            raise

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._as_data_errors():
            return self._db.execute(query, values).fetchall()

    def write(self, *statements: Statement) -> None:
        """Makes all changes or none; they are on the disk when this returns."""
        with self.transaction():
            self.change(*statements)

    def change(self, *statements: Statement) -> None:
        """Makes changes inside a transaction. A file of an earlier layout gets this layout's number with them."""
        with self._as_data_errors():
            if self._number != self._layout.number:
                self._db.execute(f"PRAGMA user_version = {self._layout.number}")
            for statement, values in statements:
                self._db.execute(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """No other process writes meanwhile. At its end all changes are on the disk; where it raises, none is.

        Raises DataError where a newer version, beside this process, has changed the layout of the file since.
        """
        with self._as_data_errors():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            with self._as_data_errors():
                self._number = self._layout.check(self._db, f"{self._called} {self._path}")
            yield
            with self._as_data_errors():
                self._db.execute("COMMIT")
        except BaseException:
            self._db.rollback()
            raise

    def close(self) -> None:
        self._db.close()

    def _lay_out(self) -> None:
        """Creates the tables of a new file and its layout number, all or nothing."""
        with self._as_data_errors():
            self._layout.check(self._db, f"{self._called} {self._path}")
            is_whole = self._layout.is_whole(self._db)
        if not is_whole:
            with self.transaction():
                self.change(*((statement, ()) for statement in self._layout.statements))

    @contextmanager
    def _as_data_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            kind = AlreadyThere if isinstance(error, sqlite3.IntegrityError) else DataError
            message = say("ledger.file.unusable", called=self._called, path=self._path, reason=str(error))
            raise kind(message, self._hint) from error


def utc_now() -> str:
    """Returns the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
