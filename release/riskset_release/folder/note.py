"""The release note: what is released, who accepted it, what was withdrawn, and how anybody checks that."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import Message, say
from riskset_release.folder.released import Released
from riskset_release.folder.rendering import rendered


def note_page(released: Released) -> str:
    """Returns the note as one HTML file in the language of the release; it prints on A4 and loads nothing."""
    origin = released.described.origin
    words = {
        "title": say("release.note.title", study=f"{origin.study} {origin.version}"),
        "outputs_title": say("release.note.outputs", n=len(released.outputs)),
        "output": say("release.note.output"),
        "accepted": say("release.note.accepted"),
        "paragraphs": tuple(_paragraphs(released)),
    }
    return rendered("note.html.j2", released, **words)


def _paragraphs(released: Released) -> Iterator[Message]:
    yield say("release.note.gate")
    outputs = released.described.outputs.values()
    if titles := tuple(one.title for one in outputs if one.by_exception):
        yield say("release.note.exceptions", n=len(titles), outputs=titles)
    yield say("release.note.check")
    yield say("release.note.forever")
