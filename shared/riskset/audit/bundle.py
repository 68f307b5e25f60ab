"""What a bundle holds: all records of one run, each once, and what follows from them for a reader.

=========================  ===========================================================================================
file                       holds
=========================  ===========================================================================================
study.json, roster.json    what the run was begun with
coordinator.log            the coordinator's log up to the entry that ended the run, and a checkpoint of it
messages/RR-SITE.bin       the signed reply of a site to the message of round RR
messages/RR-coordinator.bin  that message: its signed head, what is new in its payload, its signature
                           After the last round, as far as they have arrived: each site's cosignature of the end, and
                           its answer to its receipt
results/                   the folder of the run; the log has the SHA-256 of each file
approvals/, checkpoints/   what the messages say of approvals, and of the log with all cosignatures
code.json                  what each site's program said of itself when the run was opened
totals.json                the totals of all rounds: **restricted**, as they are more than the results tell
verdicts.json              how each analysis ended, and by which rule
README.html                what this is, for people
manifest.json              the size and SHA-256 of each of the others, signed by the coordinator
=========================  ===========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import DataError, ProtocolError
from riskset.joining.signed import Document, read_signed, write_signed
from riskset.protocol.roster import COORDINATOR
from riskset.protocol.witnessing import read_relayed
from riskset.secure.envelope import frame, sha256, unframe

SCHEMA: Final = 1
KIND: Final = "bundle"
MANIFEST, STUDY, ROSTER, LOG = "manifest.json", "study.json", "roster.json", "coordinator.log"
MESSAGES, RESULTS = "messages/", "results/"
RESULTS_JSON: Final = f"{RESULTS}results.json"
MOST_MANIFEST_BYTES: Final = 2**24
"""It lists at most 65,535 files, with some 200 bytes each; fifty sites in fifty rounds send 2,500."""


@dataclass(frozen=True)
class Request:
    """A coordinator's message without the replies that it relays, which the bundle has already."""

    head: bytes
    new: bytes
    """The whole payload of an opening; of a later message what it shows of the log."""
    signature: bytes

    def to_bytes(self) -> bytes:
        return frame([self.head, self.new, self.signature])

    def whole(self, before: Sequence[bytes]) -> bytes:
        """Returns the message as it was sent; `before` are the replies to the round before, none for an opening."""
        payload = frame([self.new, *before]) if before else self.new
        return frame([self.head, payload, self.signature])


def request_of(raw: bytes, round_: int) -> Request:
    """Returns the message of a round without what it relays. Raises ProtocolError where it is malformed."""
    head, payload, signature = _three(raw)
    if round_ == 0:
        return Request(head, payload, signature)
    read_relayed(payload)
    return Request(head, unframe(payload)[0], signature)


def read_request(data: bytes) -> Request:
    """Inverse of `Request.to_bytes`. Raises ProtocolError where the data are malformed."""
    return Request(*_three(data))


def _three(data: bytes) -> list[bytes]:
    parts = unframe(data)
    if len(parts) != 3:
        raise ProtocolError(say("secure.envelope.parts"))
    return parts


def message_name(round_: int, party: str) -> str:
    """Returns the path of a party's message of a round; of the coordinator's too."""
    return f"{MESSAGES}{round_:02d}-{party}.bin"


@dataclass(frozen=True)
class Records:
    """The files of a bundle from which all others follow."""

    study: bytes
    roster: bytes
    log: bytes
    requests: Sequence[bytes]
    """The coordinator's messages as they were sent, by round."""
    replies: Sequence[Mapping[str, bytes]]
    """By round, then by site."""
    results: Mapping[str, bytes]
    """By path in the folder of the run."""

    def files(self) -> dict[str, bytes]:
        """Returns them by their path in the bundle."""
        messages = {
            message_name(round_, COORDINATOR): request_of(raw, round_).to_bytes()
            for round_, raw in enumerate(self.requests)
        }
        messages |= {
            message_name(round_, site): raw
            for round_, by_site in enumerate(self.replies)
            for site, raw in by_site.items()
        }
        results = {f"{RESULTS}{path}": content for path, content in self.results.items()}
        return {STUDY: self.study, ROSTER: self.roster, LOG: self.log, **messages, **results}


def manifest(run: str, files: Mapping[str, bytes], key: Ed25519PrivateKey) -> bytes:
    """Returns manifest.json, signed by the coordinator."""
    return write_signed(KIND, _manifest(run, files), signature=key)


def _manifest(run: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    listed = [{"path": path, "bytes": len(files[path]), "sha256": sha256(files[path])} for path in sorted(files)]
    return {"schema": SCHEMA, "run": run, "files": listed}


def read_manifest(data: bytes) -> Document:
    """Returns the manifest, whose signature is not checked yet. Raises DataError where it is malformed."""
    not_this = DataError(say("audit.manifest.form"), say("audit.manifest.hint"))
    document = read_signed(data, KIND, not_this, most_bytes=MOST_MANIFEST_BYTES)
    document.check_schema(SCHEMA, MANIFEST)
    document.text("run")
    listed = document.content.get("files")
    if not isinstance(listed, list) or not all(_is_listed(one) for one in listed):
        raise not_this
    paths = [one["path"] for one in listed]
    if paths != sorted({*paths} - {MANIFEST}) or set(document.content) != {"schema", "run", "files"}:
        raise not_this  # a file listed twice, or a remark, would be read by one program and not by another
    return document


def _is_listed(one: object) -> bool:
    types = {"path": str, "bytes": int, "sha256": str}
    return isinstance(one, dict) and {name: type(value) for name, value in one.items()} == types
