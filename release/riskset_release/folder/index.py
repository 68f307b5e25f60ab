"""The index of a release: its outputs in reading order, shown from the released files alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from markupsafe import Markup

from riskset.audit.proof import FILE as PROOF
from riskset.catalogue import Message, languages, say
from riskset_release.folder.deciders import by_auditor
from riskset_release.folder.released import Released, ReleasedOutput
from riskset_release.folder.rendering import rendered
from riskset_release.markup import rewritten
from riskset_release.outputs import OutputKind

NOTE, CRATE = "release-note.html", "ro-crate-metadata.json"
_BODY, _END = "<body>", "</body>"


def statement_name(language: str) -> str:
    """Returns the name of the transfer statement in a language."""
    return f"transfer-statement.{language}.html"


@dataclass(frozen=True)
class _File:
    path: str
    name: str
    size: Message


@dataclass(frozen=True)
class _Shown:
    """An output as the index shows it: a table's HTML, a drawing's file, or a text; nothing of a withdrawn one."""

    output: ReleasedOutput
    files: tuple[_File, ...]
    table: Markup | None = None
    drawing: str = ""
    text: str = ""


def index_page(released: Released) -> str:
    """Returns the index as one HTML file in the language of the release. It loads the drawings beside it and nothing
    else; it has no number that the released files do not have."""
    words = {
        "title": say("release.index.title"),
        "outputs_title": say("release.index.outputs"),
        "about": say("release.index.about"),
        "files": say("release.index.files"),
        "link_only": say("release.index.link_only"),
        "check": say("release.index.check"),
        "taken_back": say("release.index.withdrawn"),
        "links": dict(_links()),
        "accepted_by": _accepted,
        "kinds": {kind: say(f"release.kind.{kind}") for kind in get_args(OutputKind)},
    }
    return rendered("index.html.j2", released, shown_outputs=[_shown(one) for one in released.outputs], **words)


def _accepted(output: ReleasedOutput) -> Message:
    return say("release.index.accepted", by=tuple(by_auditor(vote) for vote in output.votes))


def _links() -> Iterator[tuple[str, Message]]:
    yield NOTE, say("release.note.link")
    for language in languages():
        name = say(f"release.index.language.{language}")
        yield (
            statement_name(language),
            say("release.index.in_language", text=say("release.index.statement"), language=name),
        )
    yield PROOF, say("release.index.proof")
    yield CRATE, say("release.index.crate")


def _shown(output: ReleasedOutput) -> _Shown:
    sizes = {path: say("release.index.bytes", n=len(content)) for path, content in sorted(output.files.items())}
    files = tuple(_File(path, path.rpartition("/")[2], size) for path, size in sizes.items())
    if output.is_withdrawn:
        return _Shown(output, files)
    drawings = [path for path in output.files if path.endswith(".svg")]
    pages = [path for path in output.files if path.endswith(".html")]
    texts = [path for path in output.files if path.endswith(".md")]
    if drawings:
        return _Shown(output, files, drawing=min(drawings, key=lambda path: (len(path), path)))
    if pages:
        return _Shown(output, files, table=_table(output.files[pages[0]].decode(), output.title))
    return _Shown(output, files, text=output.files[texts[0]].decode() if texts else "")


def _table(page: str, title: str) -> Markup | None:
    """Returns the body of a table's page, written again from a closed list of elements; None where it has others."""
    found = rewritten(page.partition(_BODY)[2].partition(_END)[0], title)
    parts = [part for part in found.parts if isinstance(part, Markup)]
    return Markup("").join(parts) if parts and not found.refused and not found.drawings else None
