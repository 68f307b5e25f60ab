"""The code with which a site takes part, as it states it when a run opens.

It is for an auditor, who compares it with that of a release. No party decides by it: a changed program could state any
code.
"""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import rfc8785

from riskset.catalogue import say
from riskset.errors import ProtocolError
from riskset.secure.envelope import sha256

PACKAGES: Final = ("riskset", "riskset_site")
"""What computes at a site."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_REQUIREMENT: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)[^;]*(?:;.*extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"].*)?"
)
_VERSION: Final = re.compile(r"[!-~]{1,100}")
_MOST_VERSIONS: Final = 100


@dataclass(frozen=True)
class Code:
    """What a site states of its code. It says nothing of patients."""

    sha256: str
    """Of the canonical JSON of `files` (path -> SHA-256) and `versions`."""
    versions: Mapping[str, str]
    """Of Python, and of each package that riskset needs at a site."""

    @property
    def content(self) -> dict[str, Any]:
        """Its keys in a message."""
        return {"sha256": self.sha256, "versions": dict(self.versions)}


@cache
def code_here() -> Code:
    """Returns the code of this process: every file of the packages from where they were imported, and versions.

    It is computed once, when the site starts: files that are replaced later are not what this process runs.
    """
    found = {path: digest for name in PACKAGES if name in sys.modules for path, digest in _hashed(files(name), name)}
    versions = _versions()
    return Code(sha256(rfc8785.dumps({"files": found, "versions": dict(versions)})), versions)


def read_code(content: object) -> Code:
    """Returns the code that a message states. Raises ProtocolError where it is malformed."""
    stated = content if isinstance(content, dict) else {}
    digest, versions = stated.get("sha256"), stated.get("versions")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest) or not isinstance(versions, dict):
        raise ProtocolError(say("protocol.opening.code"))
    texts = [text for pair in versions.items() for text in pair]
    if len(versions) > _MOST_VERSIONS or not all(isinstance(text, str) and _VERSION.fullmatch(text) for text in texts):
        raise ProtocolError(say("protocol.opening.code"))
    return Code(digest, versions)


def _hashed(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        inner = f"{path}/{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _hashed(entry, inner)
        else:
            yield inner, hashlib.sha256(entry.read_bytes()).hexdigest()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    try:
        needed = [_REQUIREMENT.match(line) for line in requires("riskset") or ()]
    except PackageNotFoundError:
        return found
    for match in needed:
        if match and match["extra"] in (None, "site"):
            try:
                found[match[1]] = version(match[1])
            except PackageNotFoundError:
                continue
    return found
