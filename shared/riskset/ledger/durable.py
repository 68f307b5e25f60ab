"""A small SQLite file that holds a party's memory: what it reports as written is on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.ledger.layout import FileLayout
from riskset.private_files import prepare_database

Statement = tuple[str, Sequence[object]]

_CAUSES = {
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_FORMAT: "damaged",
    sqlite3.SQLITE_ERROR: "damaged",
    sqlite3.SQLITE_MISMATCH: "damaged",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_PROTOCOL: "busy",
}
"""Causes that neither space nor permissions remedy, by SQLite's primary result code. (An error in a statement of ours
means that a table is not what its layout says.)"""


class AlreadyThere(DataError):
    """This row was written before, by this process or another one: its key exists."""


class DurableFile:
    """Opens or creates the file. Every failure is a DataError that names the file as `called`, and says what to do: by
    `hint` where it cannot be written, otherwise by what is wrong with it.

    Raises DataError too where the file has a layout that this version does not know; then nothing in it was changed.
    With `only_reads` nothing is created or changed, so that a file in a read-only folder can be read, too.
    """

    def __init__(
        self, path: Path, layout: FileLayout, called: Message, hint: Message, *, only_reads: bool = False
    ) -> None:
        self._path, self._called, self._hint = path, called, hint
        self._layout, self._number, self._only_reads = layout, layout.number, only_reads
        if only_reads:
            self._open_to_read()
            return
        with self._as_data_errors():
            prepare_database(path)  # it holds every number that was sent
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None)
            # A power cut must not lose what was reported as written: with FULL there is a moment in which the folder
            # still lists the rollback file, and the next start would undo the last transaction.
            self._db.execute("PRAGMA synchronous = EXTRA")
            self._db.execute("PRAGMA secure_delete = ON")  # what is replaced is overwritten: a secret may be destroyed
        try:
            self._lay_out()
        except BaseException:
            self._db.close()
            raise

    def _open_to_read(self) -> None:
        # mode=rw, not ro: where the folder can be written, SQLite first undoes what a killed process left half-done
        with self._as_data_errors():
            self._db = sqlite3.connect(f"{sqlite_uri(self._path.absolute())}?mode=rw", timeout=5, uri=True)
            self._db.isolation_level = None
            self._db.execute("PRAGMA query_only = ON")
        try:
            with self._as_data_errors():
                self._layout.check(self._db, f"{self._called} {self._path}")
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
            self._db.execute("BEGIN" if self._only_reads else "BEGIN IMMEDIATE")
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
            cause = _cause(error)
            message = say(f"ledger.file.{cause}", called=self._called, path=self._path, reason=str(error))
            raise kind(message, say(f"ledger.file_hint.{cause}") if cause != "unusable" else self._hint) from error


def _cause(error: sqlite3.Error | OSError) -> str:
    if not isinstance(error, sqlite3.Error):
        return "unusable"
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # Python's own: a text in the file is not text
        return "damaged" if isinstance(error, sqlite3.OperationalError) else "unusable"
    return _CAUSES.get(code & 0xFF, "unusable")


def sqlite_uri(path: PurePath) -> str:
    """Returns an absolute path as SQLite reads it, also of a shared folder of Windows: the host that `as_uri` makes of
    `\\\\server` is one that SQLite refuses."""
    whole = path.as_posix()
    return f"file://{'' if whole.startswith('/') else '/'}{quote(whole, safe='/:')}"


def utc_now() -> str:
    """Returns the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
