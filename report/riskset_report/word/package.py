"""A Word document as a file: the same bytes for the same content, with nothing of a clock in it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from docx.document import Document

_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""Of every part of the archive: the earliest that a zip file can say."""
_CLOCKED: Final = ("created", "modified", "lastPrinted")
_THUMBNAIL: Final = "/thumbnail"


@dataclass(frozen=True)
class Core:
    """What the document says of itself."""

    title: str
    subject: str
    keywords: str
    creator: str
    at: str | None
    """When the run ended, by the record; None says nothing."""


def file_of(document: Document, core: Core) -> bytes:
    """Returns the file; its core properties are from `core` alone."""
    _describe(document, core)
    saved = io.BytesIO()
    document.save(saved)
    return _settled(saved.getvalue())


def _describe(document: Document, core: Core) -> None:
    properties = document.core_properties
    for element in [*properties._element]:
        properties._element.remove(element)
    properties.title, properties.subject, properties.keywords = core.title, core.subject, core.keywords
    properties.author = core.creator
    if core.at is not None:
        at = datetime.fromisoformat(core.at).astimezone(UTC).replace(tzinfo=None, microsecond=0)
        properties.created = properties.modified = at
    package = document.part.package
    for key in [key for key, relation in package.rels.items() if relation.reltype.endswith(_THUMBNAIL)]:
        del package.rels[key]  # of python-docx's template


def _settled(content: bytes) -> bytes:
    """Returns an archive with its parts in alphabetical order, the list of their types first, all with one date."""
    parts = zipfile.ZipFile(io.BytesIO(content))
    settled = io.BytesIO()
    with zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(entry, parts.read(name))
    return settled.getvalue()
