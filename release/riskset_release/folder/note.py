"""The release note: what is released, who accepted it, what was withdrawn, and how anybody checks that."""

from __future__ import annotations

from riskset.catalogue import say
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
        "paragraphs": (say("release.note.gate"), say("release.note.check"), say("release.note.forever")),
    }
    return rendered("note.html.j2", released, **words)
