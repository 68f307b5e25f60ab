"""A site's memory of its runs: what each began with, what was requested, what was sent.

A reply is sent only after it is recorded here, together with its entry in the site's ledger, in one transaction. A
repeated request is answered with the reply kept here, never computed again, so that a site never masks two vectors
for one round.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from riskset.disclosure.curves import Curve
from riskset.protocol.kept import KeptOutcome, KeptSet
from riskset.protocol.own_log import OwnLog
from riskset.strict_json import read_json


@dataclass(frozen=True)
class Exchange:
    """One request as received and the reply as sent, both signed envelopes; nothing in them is secret."""

    round: int
    request: bytes
    reply: bytes


MARK_DIGITS = 8
"""Hexadecimal digits of one field's mark: a site compares only its own marks, one field at a time."""
ABSENT = "-" * MARK_DIGITS
"""The mark of an outcome that a patient does not have, because the patient is not in that analysis set."""

OUTCOME: Final = "outcome"
"""Days, event and entry of a patient in one analysis set, together; or, without an endpoint, being in the set."""
VALUE: Final = "value"
"""A value after it was read as the study declares it, before any transform."""
DERIVED: Final = "derived"
"""A value that the study computes from others; several values may give the same one."""
TEXT: Final = "text"
"""A cell of the export in one spelling, whatever the study says about its column."""
NAMED: Final = "named"
"""A value keyed with its name in the study: the only fields of riskset 0.1.0."""


@dataclass(frozen=True)
class MarkedField:
    """What one mark of every patient is of: content, never a name that the study gives to it."""

    what: str
    """`OUTCOME`, `VALUE`, `DERIVED`, `TEXT` or `NAMED`."""
    source: str
    """The columns of the export from which it comes, as JSON; the name of an array where there is no export."""
    reading: str = ""
    """How it was read: type and levels in the study, recodes in the site file; of an outcome, those of its columns; how
    a derived value is computed, and those of what it is computed from."""

    @property
    def is_certain(self) -> bool:
        """Whether the source says by itself what the field is: a column of an export, and not an array's name."""
        return bool(self.columns)

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the export; empty for an array's name."""
        return frozenset(read_json(self.source)) if self.source.startswith("[") else frozenset()


@dataclass(frozen=True)
class RowMarks:
    """Keyed marks of the patients that a run used. They never leave the site, since anyone who learnt the key could
    try every patient key and value against them."""

    digest: str
    """Hash, under a secret of the site, of every value used."""
    marks: Mapping[str, str]
    """HMAC of a patient's key -> the HMACs of `fields` one after the other, `MARK_DIGITS` each. Where the site file
    names no key, the fields' HMACs (and a number, where rows are equal) are both key and value."""
    fields: tuple[MarkedField, ...] = ()
    """The marked fields of every patient, in the order of the marks."""
    behind: Mapping[str, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)
    """By name of a variable: the positions of its fields. Not kept."""
    named: Callable[[], RowMarks] | None = field(default=None, compare=False, repr=False)
    """Returns the same patients in fields of the kind `NAMED`, to compare with runs of earlier versions. Not kept."""

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def has_keys(self) -> bool:
        """Whether a patient is recognised even where all values have changed."""
        return any(patient != mark for patient, mark in self.marks.items())

    def at(self, positions: Sequence[int]) -> dict[str, tuple[str, ...]]:
        """Returns each patient's marks of the fields at these positions."""
        starts = [MARK_DIGITS * position for position in positions]
        return {
            patient: tuple(mark[start : start + MARK_DIGITS] for start in starts)
            for patient, mark in self.marks.items()
        }


@dataclass(frozen=True)
class Begun:
    """What a run began with. It never leaves the site and is stored encrypted."""

    study_id: str
    participants: tuple[str, ...]
    rows: RowMarks
    secret: bytes
    """The run's X25519 private key, 32 bytes; `b""` where the secure sum is off. It unmasks this site's numbers."""
    approval: str
    """SHA-256 of the approval in force."""
    seen: str = ""
    """The last checkpoint of the coordinator's log that was cosigned here before, a signed note; empty for none."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By participant: its identity key in the roster of the run, hex. R13 knows participants by these. Empty in what
    riskset 0.1.0 recorded."""
    curves: tuple[Curve, ...] = ()
    """How the patients leave each curve of the study, in the order of `rows.marks`; which of them were answered, and
    whether by arm, `Journal.answered` knows. Not marked like `rows`: a keyed mark could not show that days are
    shifted."""
    columns: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By name of each column in a set that an analysis of the study uses: the positions of its fields in `rows.fields`.
    Which of them were told, `Journal.told` knows. Empty in what earlier versions recorded."""
    sets: tuple[str, ...] = ()
    """The analysis sets, in the order of the outcomes in `rows.fields`; which of them were told, `Journal.told` knows.
    Empty in what earlier versions recorded."""
    outcomes: tuple[KeptOutcome, ...] = ()
    """The outcomes that analyses of the study may tell; which of them were told, `Sent.followed` says. Not marked
    like `rows`: a keyed mark could not show that days are shifted. Empty in what earlier versions recorded."""
    derived: tuple[str, ...] = ()
    """The analysis sets of derived populations, whose members nobody knew when the run began, in order after `sets`.
    Empty in what earlier versions recorded."""
    members: Mapping[str, KeptSet] = field(default_factory=dict, compare=False)
    """Of those of them that are known since: who is in them. Not kept with the rest, but where it became known
    (`Journal.populations`); with it `curves` and `outcomes` have those of the populations too."""


Labelled = tuple[str, tuple[str, ...], tuple[float, ...]]
"""The id of an analysis or of a step of admission, one label per number, the numbers before the mask."""


IN_CLEAR = "in clear"
"""In place of the id: what the site states without a mask, 1 for yes."""
ALONE = "in clear, of this site alone"
"""In place of the id: what the site tells of its own rows without a mask."""
CLEAR: Final = (IN_CLEAR, ALONE)


@dataclass(frozen=True)
class Sent:
    """The numbers of a reply in clear, for the private part of the site's own ledger."""

    numbers: tuple[Labelled, ...]
    verdicts: tuple[Mapping[str, Any], ...]
    """The gate's findings on these numbers as JSON objects; floats as strings."""
    opened: tuple[int, ...] = ()
    """For each of `numbers`: how many of them models and tables had not opened before in the run (R5)."""
    told: tuple[str, ...] = ()
    """Names of the analysis sets, and of the columns in them, of which more was told than how many patients a set
    has."""
    crossed: tuple[str, ...] = ()
    """Those of the sets of which more was told than tables by arm."""
    followed: Mapping[str, int] = field(default_factory=dict)
    """By name of the rows whose days and events were told: how many events all hospitals have in them."""
    heard: tuple[str, ...] = ()
    """The sites that had told numbers of their own in the run before, in clear."""


def most_sent(sent: Iterable[Sent]) -> dict[str, int]:
    """Returns by id, where any number but noise was sent, how many were in a round at most."""
    most: dict[str, int] = {}
    for one in sent:
        most |= {id_: max(len(labels), most.get(id_, 0)) for id_, labels, _ in one.numbers if labels}
    return most


def told_in(sent: Iterable[Sent]) -> frozenset[str]:
    """Returns the names of the sets and columns that were told."""
    return frozenset().union(*(one.told for one in sent))


def crossed_in(sent: Iterable[Sent]) -> frozenset[str]:
    """Returns the names of the sets of which more was told than tables by arm."""
    return frozenset().union(*(one.crossed for one in sent))


def followed_in(sent: Iterable[Sent]) -> dict[str, int]:
    """Returns the rows whose days and events were told, with the events of all hospitals."""
    return dict(ChainMap(*(dict(one.followed) for one in sent)))


def tellers_in(sent: Iterable[Sent], site: str) -> frozenset[str]:
    """Returns the sites that told numbers of their own in a run, as far as this `site` knows."""
    found: set[str] = set()
    for one in sent:
        found |= {*one.heard, *(site for id_, _, _ in one.numbers if id_ == ALONE)}
    return frozenset(found)


def has_told(sent: Iterable[Sent]) -> bool:
    """Whether a site told a number of its own, in clear."""
    return any(id_ == ALONE for one in sent for id_, _, _ in one.numbers)


class Journal(Protocol):
    """The durable record from which a site answers.

    A method that writes makes all its changes, or raises DataError and makes none; then nothing may be sent.
    """

    def begun(self, run: str) -> Begun | None:
        """Returns what the run began with, None for a run that this site has not begun."""

    def exchanges(self, run: str) -> Sequence[Exchange]:
        """Returns the run's exchanges in the order of their rounds."""

    def contributed(self) -> Mapping[str, Begun]:
        """Returns the runs, of any study held here, in which this site sent a contribution: an exchange of round >= 1.

        A run counts from its first masked contribution, finished or not. In the order in which they began."""

    def answered(self, run: str) -> Mapping[str, int]:
        """Returns, for the analyses of which this site sent numbers in the run other than noise, how many in a round
        at most."""

    def told(self, run: str) -> frozenset[str]:
        """Returns the names of the analysis sets, and of the columns in them, of which this site sent more in the run
        than how many patients a set has."""

    def is_over(self, run: str) -> bool:
        """Returns whether this site has answered the closing message of the run: it sends no more of it."""

    def sent_in(self, run: str) -> Iterable[Sent]:
        """Returns what this site has sent in the run."""

    def sent_besides(self, run: str) -> Iterable[Sent]:
        """Returns what this site has sent in all other runs, of any study held here."""

    def seen(self) -> str:
        """Returns the longest checkpoint of the coordinator's log that was cosigned here, a signed note; empty for
        none. Of `coordinator` of the heads of all exchanges, those count that the key of the last one signed."""

    def log(self) -> OwnLog:
        """Returns this site's own log as it is now."""

    def begin(self, run: str, begun: Begun, exchange: Exchange, head: Mapping[str, Any]) -> None:
        """Keeps a new run, its first exchange and the ledger entry "opened" with `head`, in one transaction. With it is
        `unblinded`, the decisions with which the run was opened, where there are any; and `log`, the size at which the
        exchange showed this site's own log.

        Raises ProtocolError where the run was begun before or has an exchange of this round."""

    def record(self, run: str, exchange: Exchange, sent: Sent | None, head: Mapping[str, Any]) -> None:
        """Keeps an exchange and its ledger entry, in one transaction; None is sent after the end of a run.

        `head` is the entry's public part: type (which makes an entry "contributed", "closed", "witnessed" or "kept"),
        study, roster, history, approval, sha256 of the reply, the coordinator's checkpoint where one was cosigned; of
        "witnessed" also `log`, as in `begin`. Raises ProtocolError where the round was answered before: no second
        vector for one round, not even by a second process with the same file."""

    def freeze(self, run: str, key: str, compute: Callable[[], bytes]) -> bytes:
        """Returns what is kept for the run under `key`. Where nothing is, keeps what `compute` returns, sealed, and
        returns it. What was kept first remains, also after a restart."""

    def keep_population(self, run: str, population: str, compute: Callable[[], bytes]) -> None:
        """Keeps, sealed, what `compute` returns: what later runs need of a derived population of the run, before any
        number about it is sent. What was kept first remains."""

    def populations(self, run: str) -> Sequence[bytes]:
        """Returns what was kept of the run's derived populations."""
