"""A folder of votes, and of hospitals' vetoes: each a file. Nothing in it is passed over in silence."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from riskset.catalogue import Message, say, verbatim
from riskset.errors import DataError, RisksetError
from riskset.private_files import make_folder, replace_file
from riskset.strict_json import NotStrictJson, read_json
from riskset_release.papers import MOST_BYTES
from riskset_release.vetoes import Veto, read_veto
from riskset_release.votes import Vote, read_vote

MOST_FILES: Final = 2_000


@dataclass(frozen=True)
class FoundVotes:
    """The votes of a folder, and what else is in it."""

    votes: tuple[Vote, ...]
    """Each signed by the key that it names, once; in the order in which they were cast, by the auditors' clocks."""
    vetoes: tuple[Veto, ...] = ()
    """The same of hospitals."""
    unread: tuple[Message, ...] = ()
    """Each file that is neither, and why."""
    files: Mapping[str, bytes] = field(default_factory=dict, compare=False)
    """The files of votes, as they were signed, by the vote's id."""


def votes_in(folder: Path) -> FoundVotes:
    """Returns the votes of a folder; none where there is no folder yet. Raises DataError where it cannot be read."""
    papers, unread, files = dict[str, Vote | Veto](), list[Message](), dict[str, bytes]()
    for path in _files(folder):
        try:
            data = _bytes(path)
            paper = read_paper(data)
        except RisksetError as wrong:
            unread.append(say("release.folder.unread", file=path.name, reason=wrong.message))
        except OSError as error:
            reason = verbatim((error.strerror or type(error).__name__).lower())
            unread.append(say("release.folder.unread", file=path.name, reason=reason))
        else:
            papers[paper.id] = paper
            files[paper.id] = data
    in_order = sorted(papers.values(), key=lambda one: (one.at, one.id))
    votes = tuple(one for one in in_order if isinstance(one, Vote))
    return FoundVotes(votes, tuple(one for one in in_order if isinstance(one, Veto)), tuple(unread), files)


def read_paper(data: bytes) -> Vote | Veto:
    """Returns what a file is. Raises the errors of `read_vote` and `read_veto`."""
    try:
        is_veto = Veto.kind in read_json(data, MOST_BYTES)
    except (NotStrictJson, TypeError):
        is_veto = False
    return read_veto(data) if is_veto else read_vote(data)


def keep_vote(folder: Path, vote: Vote | Veto, data: bytes) -> Path:
    """Writes the file of a vote or a veto into the folder, whole or not at all, and returns its path."""
    make_folder(folder)
    path = folder / vote.file_name
    replace_file(path, data)  # the name has the hash of what is signed: it replaces the same vote alone
    return path


def _files(folder: Path) -> Iterator[Path]:
    hint = say("cli.check_path")
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(say("joining.file.unreadable", path=str(folder), reason=reason), hint) from None
    if len(paths) > MOST_FILES:
        raise DataError(say("release.folder.many", folder=str(folder), most=MOST_FILES), hint)
    yield from paths


def _bytes(path: Path) -> bytes:
    """Returns the content of a file that is one: a device or a pipe would never end."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise DataError(say("release.folder.no_file"))
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
