"""A small SQLite file that a party's memory rests on: what it says is written is on the disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from riskset.errors import DataError


class DurableFile:
    """Opens or makes the file; every failure is a DataError that begins with `called` and ends with `hint`."""

    def __init__(self, path: Path, schema: str, called: str, hint: str) -> None:
        self._words = f"{called} {path} cannot be read or written", hint
        with self._failures_told():
            path.parent.mkdir(parents=True, exist_ok=True)
            open(path, "ab", opener=_owner_only).close()  # it holds every number that was sent
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None)
            self._db.execute("PRAGMA synchronous = FULL")  # a power cut must not lose what was said to be kept
            self._db.executescript(schema)

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._failures_told():
            return self._db.execute(query, values).fetchall()

    def write(self, *statements: tuple[str, Sequence[object]]) -> None:
        """Makes all changes or none; they are on the disk when this returns."""
        with self._failures_told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for statement, values in statements:
                    self._db.execute(statement, values)
                self._db.execute("COMMIT")
            except sqlite3.Error:
                self._db.rollback()
                raise

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        message, hint = self._words
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DataError(f"{message}: {error}", hint) from error


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def utc_now() -> str:
    """Returns the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
