"""One entry of a log: what was done, when, and the part that only its own party can read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from riskset.catalogue import say
from riskset.errors import ProtocolError
from riskset.ledger.merkle import leaf_hash
from riskset.strict_json import LARGEST, NotStrictJson, canonical_without_floats, read_json

_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}\+00:00")


SITE: Final[Mapping[str, str]] = {
    "approved": "a person signed that the site may answer the study, until when, with which exceptions",
    "paused": "no message is answered from now on",
    "resumed": "messages are answered again",
    "withdrew": "the approval was withdrawn for good",
    "rejoined": "a person decided that the site takes part again after a withdrawal, and why",
    "opened": "the site took part in a run; its data are frozen for it",
    "froze": "the members of a derived population were fixed for a run, or what later runs need of them was kept",
    "contributed": "a reply with numbers was sent",
    "closed": "the last reply of a run was sent",
    "witnessed": "the coordinator's log was cosigned up to the end of a run, and the site's own log was shown",
    "kept": "the receipt of a run was kept, and the other sites' own logs were cosigned",
    "refused": "a request was refused",
    "disclosed": "the site opened to an auditor what it sent in a run: to whom, why, and the SHA-256 of the file",
    "destroyed": "the secret of a run was destroyed: what was sent in it can no longer be opened",
    "renewed": "the site replaced its keys; the new key signs from now on",
}

COORDINATOR: Final[Mapping[str, str]] = {
    "began": "a run began, with these participants",
    "asked": "the message of a round, kept before it was sent to the sites",
    "received": "a site's signed reply arrived",
    "declined": "a site's refusal arrived",
    "ended": "the results of a run were written",
    "cancelled": "a run was given up; nothing more of it is asked",
}

KINDS: Final[Mapping[str, str]] = {**SITE, **COORDINATOR}
"""The closed list of kinds of entries, each with its meaning. An auditor reads a log by this list (docs/ledger.md)."""


@dataclass(frozen=True)
class Entry:
    """One statement of a log, never changed."""

    number: int
    """Place in the log, from 0: the index of its leaf."""
    at: str
    """UTC, ISO 8601, to the millisecond, by the clock of the log's owner."""
    kind: str
    """A key of `KINDS`."""
    public: Mapping[str, Any]
    """JSON object of strings, integers, booleans, lists and objects; may be shown to auditors."""
    private: bytes
    """Ciphertext for the log's own party; empty where there is none. Reveals its length."""

    @property
    def leaf(self) -> bytes:
        """The hash that represents the entry in the tree.

        Over the hash of the ciphertext, not the ciphertext, so that an entry can be proven without disclosing it.
        """
        return leaf_hash(self.proven.encode())

    @property
    def proven(self) -> str:
        """The entry as it is proven, without its ciphertext: canonical JSON, `private` the SHA-256 of the ciphertext in
        hex, or empty."""
        return canonical(self._content(hashlib.sha256(self.private).hexdigest() if self.private else "")).decode()

    def _content(self, private: str) -> dict[str, Any]:
        public = dict(self.public)
        return {"number": self.number, "at": self.at, "kind": self.kind, "public": public, "private": private}

    def to_line(self) -> str:
        """Returns the entry as one line of canonical JSON, the ciphertext in hex."""
        return canonical(self._content(self.private.hex())).decode()


def check_entry(entry: Entry) -> None:
    """Raises ValueError where a part of an entry is invalid: the caller's mistake, found before it is written."""
    if entry.kind not in KINDS:
        raise ValueError(f"{entry.kind!r} is not a kind of entry; the kinds are: {', '.join(KINDS)}")
    if not _is_time(entry.at):
        raise ValueError(f"the time of an entry is UTC in ISO 8601 to the millisecond; {entry.at!r} is not")
    is_object = isinstance(entry.public, Mapping)
    if not is_object:
        raise ValueError("the public part of an entry is an object")
    canonical(entry.public)


def _is_time(text: str) -> bool:
    """Of the form, and a time of a calendar."""
    try:
        return bool(_AT.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


def read_line(line: str) -> Entry:
    """Returns the entry of a line. Raises ProtocolError where it is malformed or not in canonical form."""
    try:
        content = read_json(line)
        private = bytes.fromhex(content["private"])
        entry = Entry(content["number"], content["at"], content["kind"], content["public"], private)
        check_entry(entry)
        is_canonical = entry.to_line() == line and type(entry.number) is int
    except (ValueError, KeyError, TypeError):
        is_canonical = False
    if not is_canonical:
        raise ProtocolError(say("ledger.entry.form"))
    return entry


def canonical(value: object) -> bytes:
    """Returns RFC 8785 JSON. ValueError where a value has no unique spelling: a float, an integer above 2^53."""
    if not _has_one_spelling(value):
        raise ValueError(
            "an entry of a ledger holds texts, whole numbers up to 2^53, true, false, lists and objects of these only"
        )
    try:
        return canonical_without_floats(value)
    except NotStrictJson as error:
        raise ValueError(f"an entry of a ledger cannot hold this: {error}") from None


def _has_one_spelling(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _has_one_spelling(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_has_one_spelling, value))
    return isinstance(value, str | bool) or (isinstance(value, int) and abs(value) <= LARGEST)
