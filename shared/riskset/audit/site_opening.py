"""An opening: what one site sent in a run, in clear, signed by the site for its auditor; and the notice that it opened.

An opening holds one site's sums, the secret under which they were masked, and the site's log, in which the numbers were
sealed before they were sent. The key of each entry of the run is with it: it opens that entry and no other. A notice
holds no number: the auditor hands it to the sites that have not opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.signed import Document, read_signed, write_signed
from riskset.protocol.journal import Labelled

SCHEMA: Final = 1
OPENING: Final = "opening"
NOTICE: Final = "notice"
MOST_BYTES: Final = 2**28
"""Of an opening: it holds a whole log, of which a run of the largest study fills some 20 MB."""
KEY_BYTES: Final = 32


@dataclass(frozen=True)
class OpenedRound:
    """One reply with numbers, as the site's ledger has it."""

    round: int
    entry: int
    """Of the site's log."""
    key: bytes
    """Opens the private part of that entry, and of no other."""
    numbers: tuple[Labelled, ...]
    verdicts: tuple[Mapping[str, str], ...]

    @property
    def content(self) -> dict[str, Any]:
        return {
            "round": self.round,
            "entry": self.entry,
            "key": self.key.hex(),
            "numbers": [[id_, list(labels), list(map(repr, values))] for id_, labels, values in self.numbers],
            "verdicts": [dict(verdict) for verdict in self.verdicts],
        }


@dataclass(frozen=True)
class SiteOpening:
    """What a site opened. Restricted: these are one hospital's sums."""

    run: str
    site: str
    study: str
    """SHA-256."""
    roster: str
    """SHA-256."""
    to: str
    """The auditor."""
    reason: str
    at: str
    """UTC, ISO 8601."""
    secret: bytes
    """The X25519 private key of the run; empty where sums are not masked."""
    rounds: Sequence[OpenedRound]
    log: str
    """The site's whole log up to then, as it is exported; private parts are encrypted."""

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """Returns the file."""
        fields = {name: value for name, value in vars(self).items() if name not in ("secret", "rounds")}
        rounds = [one.content for one in self.rounds]
        content = {"schema": SCHEMA, **fields, "secret": self.secret.hex(), "rounds": rounds}
        return write_signed(OPENING, content, signature=key)


@dataclass(frozen=True)
class Notice:
    """That a site opened a run to an auditor. It holds no number."""

    run: str
    site: str
    to: str
    at: str

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """Returns the file."""
        return write_signed(NOTICE, {"schema": SCHEMA, **vars(self)}, signature=key)


def read_opening(data: bytes) -> tuple[Document, SiteOpening]:
    """Returns an opening, whose signature is not checked yet, and its document. Raises DataError where it is none."""
    not_this = DataError(say("audit.opening.form"), say("audit.opening.form_hint"))
    document = read_signed(data, OPENING, not_this, most_bytes=MOST_BYTES)
    document.check_schema(SCHEMA, say("audit.called.opening"))
    content, texts = document.content, ("run", "site", "study", "roster", "to", "reason", "at")
    try:
        secret, log = _bytes(content["secret"]), content["log"]
        rounds = tuple(map(_round, _list(content["rounds"])))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise not_this from None
    if not isinstance(log, str) or len(secret) not in (0, KEY_BYTES):
        raise not_this
    named = {name: document.text(name) for name in texts}
    opening = SiteOpening(**named, secret=secret, rounds=rounds, log=log)
    if set(content) != {"schema", *vars(opening)}:
        raise not_this
    return document, opening


def read_notice(data: bytes) -> tuple[Document, Notice]:
    """Returns a notice, whose signature is not checked yet, and its document. Raises DataError where it is none."""
    not_this = DataError(say("audit.notice.form"), say("audit.notice.form_hint"))
    document = read_signed(data, NOTICE, not_this)
    document.check_schema(SCHEMA, say("audit.called.notice"))
    notice = Notice(*(document.text(name) for name in ("run", "site", "to", "at")))
    if set(document.content) != {"schema", *vars(notice)}:
        raise not_this
    return document, notice


def _round(content: Mapping[str, Any]) -> OpenedRound:
    """Raises KeyError, TypeError, ValueError or AttributeError for anything else than a round of an opening."""
    numbers = tuple(map(_labelled, _list(content["numbers"])))
    verdicts = tuple({_text(k): _text(v) for k, v in verdict.items()} for verdict in _list(content["verdicts"]))
    if not all({"analysis", "verdict", "rule", "limit_name"} <= set(verdict) for verdict in verdicts):
        raise ValueError("not a verdict")
    key = _bytes(content["key"])
    if len(content) != 5 or len(key) != KEY_BYTES:
        raise ValueError("not a round")
    return OpenedRound(_count(content["round"]), _count(content["entry"]), key, numbers, verdicts)


def _labelled(content: object) -> Labelled:
    id_, labels, values = _list(content)
    return _text(id_), tuple(map(_text, _list(labels))), tuple(map(_number, _list(values)))


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _number(value: object) -> float:
    """Numbers are texts, as in the ledger: a file that is signed holds none with a point."""
    return float(_text(value))


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("not a count")
    return value


def _bytes(value: object) -> bytes:
    found = bytes.fromhex(_text(value))
    if found.hex() != value:
        raise ValueError("not lower-case hexadecimal digits")
    return found
