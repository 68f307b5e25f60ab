"""Puts the files of a run's folder in place, all of them or none; nothing of an earlier report stays beside them."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.private_files import create_file, make_folder, move_folder
from riskset.private_files import move as move_file
from riskset.strict_json import read_json

RESULTS: Final = "results.json"
PROVENANCE: Final = "provenance.json"
"""Lists the other files of the folder, so that a later report knows which files were an earlier one's."""
_EARLIER_PAGE: Final = "report.html"
"""Of riskset 0.1.0, whose folders had no list: its links are the list."""
_EARLIER: Final = (_EARLIER_PAGE, RESULTS, "numbers.csv")
_LINK: Final = re.compile(r'href="(figures/[^"/]+\.(?:svg|png))"')


def put_in_place(contents: Mapping[str, bytes], folder: Path, run: str) -> list[Path]:
    """Writes files, by their path in the folder, and returns their paths in the same order.

    They are written beside their places and moved there when all of them are complete. Files of an earlier report are
    removed, and files that no report wrote stay. An error leaves the folder as it was. Raises DataError where the
    folder has the results of another run, OSError where a file cannot be written or replaced.
    """
    _check_is_of(folder, run)
    with _beside(folder) as beside:
        new = beside / "new"
        for name, content in contents.items():
            create_file(new / name, content)
        if folder.exists():
            _exchange(folder, new, beside / "old", [*contents], _written_before(folder))
        else:
            move_folder(new, folder)
    return [folder / name for name in contents]


def file_hash(content: bytes) -> str:
    """Returns the SHA-256 of a file, as `sha256sum` prints it."""
    return hashlib.sha256(content).hexdigest()


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder on the same disk, removed at the end: inside `folder` if it exists, which may be a disk of its own."""
    unfinished = f".{secrets.token_hex(4)}"
    beside = folder / unfinished if folder.exists() else folder.with_name(folder.name + unfinished)
    try:
        make_folder(beside)
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _check_is_of(folder: Path, run: str) -> None:
    path = folder / RESULTS
    try:
        found = read_json(path.read_bytes())["run"]
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        found = say("report.folder.unknown_run")
    if found != run:
        raise DataError(
            say("report.folder.other_run", file=path, found=found, run=run), say("report.folder.other_run_hint")
        )


def _exchange(folder: Path, new: Path, old: Path, names: list[str], before: set[str]) -> None:
    """Moves the earlier files out and the new ones in, or moves everything back."""
    moved: list[tuple[Path, Path]] = []

    def move(source: Path, target: Path) -> None:
        make_folder(target.parent)
        move_file(source, target)
        moved.append((source, target))

    try:
        for name in [*sorted(before - {*names}), *names]:  # the list of files last: a killed writer leaves the old one
            if (folder / name).is_file():
                move(folder / name, old / name)
            if name in names:
                move(new / name, folder / name)
    except BaseException:
        for source, target in reversed(moved):
            move_file(target, source)
        raise
    finally:
        _remove_empty(folder, before)


def _remove_empty(folder: Path, names: set[str]) -> None:
    """Removes the subfolders of earlier files that have no file any more."""
    for part in {(folder / name).parent for name in names} - {folder}:
        if part.is_dir() and not any(part.iterdir()):
            part.rmdir()


def _written_before(folder: Path) -> set[str]:
    """Returns the paths that an earlier report of the folder wrote, as far as the folder tells."""
    try:
        listed: Any = read_json((folder / PROVENANCE).read_bytes())["files"]
        return {PROVENANCE, *(name for name in listed if _is_inside(name))}
    except FileNotFoundError:
        page = folder / _EARLIER_PAGE
        links = _LINK.findall(page.read_text(encoding="utf-8", errors="replace")) if page.is_file() else []
        return {*_EARLIER, *filter(_is_inside, links)} if page.is_file() else set()
    except (ValueError, KeyError, TypeError):
        return {PROVENANCE}


def _is_inside(name: str) -> bool:
    """Whether a path stays in its folder, whatever somebody has written into the list."""
    parts = PurePosixPath(name).parts
    return bool(parts) and len(parts) <= 2 and not {"..", "/"} & {*parts} and "\\" not in name and ":" not in name
