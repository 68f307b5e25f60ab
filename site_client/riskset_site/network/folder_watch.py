"""What happens in a site's folder while its process runs: files that it has read change, or a second process comes."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Final, Self

from riskset.catalogue import Message, say
from riskset.errors import DataError

LOOK_EVERY_S: Final = 5.0

Stamp = tuple[int, int, int]


class FolderWatch:
    """The files that a process has read: `export`, `study`, `site_file`, `roster` and `connection`, by these names.

    Make it before they are read, so that a change in between is noticed, too.
    """

    def __init__(self, files: Mapping[str, Path], clock: Callable[[], float] = time.monotonic) -> None:
        self._files, self._clock = dict(files), clock
        self._stamps = {name: _stamp(path) for name, path in files.items()}
        self._read = {name: _digest(path) for name, path in files.items()}
        self._known = dict(self._read)
        self._pending: set[str] = set()
        self._looked_s = clock()

    def look(self, also: Callable[[], None] = lambda: None) -> Iterator[Message]:
        """Yields what has changed since the last look, each change once, after calling `also`.

        Looks every few seconds, however often it is called, and says nothing of a file that is still being written.
        """
        now = self._clock()
        if now - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = now
        also()
        for name, path in self._files.items():
            stamp = _stamp(path)
            if stamp != self._stamps[name]:
                self._stamps[name] = stamp
                self._pending.add(name)
            elif name in self._pending:
                self._pending.discard(name)
                yield from self._changed(name, path)

    def _changed(self, name: str, path: Path) -> Iterator[Message]:
        found, known = _digest(path), self._known[name]
        self._known[name] = found
        if found == known:
            return
        if found is None:
            yield say("site.watch.gone", file=str(path))
        elif found == self._read[name]:
            yield say("site.watch.back", file=str(path))
        else:
            yield say(f"site.watch.changed.{name}", file=str(path))


class OnlyProcess:
    """A context manager that holds the folder for this process: `path` is a file in it.

    The operating system ends the hold with the process, however that ends. DataError where another process holds it.
    """

    def __init__(self, path: Path, process: int | None = None) -> None:
        self._path, self._process = path, process or os.getpid()
        self._file: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            # a lock of SQLite works on every system; one that only reserves lets others read who holds it
            self._file = sqlite3.connect(self._path, timeout=0, isolation_level=None)
            self._file.execute("BEGIN IMMEDIATE")
            self._file.execute(f"PRAGMA user_version = {self._process}")
            self._file.execute("COMMIT")
            self._file.execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def _refused(self, error: sqlite3.Error | OSError) -> DataError:
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY or self._file is None:
            message = say("site.serve.no_lock", file=str(self._path), reason=str(error))
            return DataError(message, say("site.serve.no_lock_hint"))
        [(process,)] = self._file.execute("PRAGMA user_version")
        self._file.close()
        message = say("site.serve.second", folder=str(self._path.absolute().parent), process=process)
        return DataError(message, say("site.serve.second_hint"))


def process_of(path: Path) -> int | None:
    """Returns the process that holds the folder, None where none does; `path` is the file of `OnlyProcess`.

    It tries the hold for an instant, as only that shows whether a process that wrote its number there still lives.
    DataError where the file cannot be opened.
    """
    if not path.exists():
        return None
    file = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        file.execute("BEGIN IMMEDIATE")
        file.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            message = say("site.serve.no_lock", file=str(path), reason=str(error))
            raise DataError(message, say("site.serve.no_lock_hint")) from None
        [(process,)] = file.execute("PRAGMA user_version")
        return int(process)
    finally:
        file.close()
    return None


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _digest(path: Path) -> str | None:
    """Returns the SHA-256 of the file; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
