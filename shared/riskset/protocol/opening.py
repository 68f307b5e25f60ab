"""How a run opens: whom the coordinator asks, and what each site states before any number is sent."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import rfc8785

from riskset.catalogue import say
from riskset.curve25519 import is_x25519_key
from riskset.errors import DataError, ProtocolError
from riskset.protocol.approval import Approval, read_content
from riskset.protocol.code import Code, read_code
from riskset.protocol.log_view import LogView, read_view
from riskset.protocol.program import PROTOCOL, UNNUMBERED, Program, read_program
from riskset.protocol.unblinding import Decision, read_decisions
from riskset.secure.envelope import Verified, is_shown
from riskset.strict_json import NotStrictJson, read_canonical

MOST_NAMES: Final = 1000
"""The most participants, and the most earlier runs; each adds numbers to a vector."""
MOST_LISTS: Final = 100
"""The most lists of participants of earlier runs that a site may disclose."""
_WITHOUT_KEYS: Final = (UNNUMBERED, 2)
"""The protocols whose answers state names of participants, no approval and no code."""
_WITHOUT_LOG: Final = (*_WITHOUT_KEYS, 3)
"""The protocols whose answers do not show the site's own log."""
_LIMIT: Final = re.compile(r"[a-z]{1,10}|[0-9]{1,18}(/[0-9]{1,18})?")
"""The form of a policy's values. Of an exponent, `1e999999999`, every other party would compute all digits."""


@dataclass(frozen=True)
class Opening:
    """What the coordinator sends: the same to every site, or the run ends."""

    participants: tuple[str, ...]
    earlier: tuple[str, ...] = ()
    """Ids of all earlier runs of the study, of any version, in which a site contributed."""
    unblinded: tuple[Decision, ...] = ()
    """The populations whose outcomes somebody decided to compute."""

    @property
    def content(self) -> dict[str, Any]:
        """Its keys in a message. Without decisions there is none of them."""
        decisions = {"unblinded": [one.content for one in self.unblinded]} if self.unblinded else {}
        return {"participants": list(self.participants), "earlier": list(self.earlier), **decisions}

    def to_bytes(self, program: Program) -> bytes:
        """Returns the message of a coordinator with this program."""
        return rfc8785.dumps({**self.content, **program.content})


@dataclass(frozen=True)
class ToldSets:
    """Of which analysis sets of an earlier run a site told, by their places among all sets of that run by name. Their
    names are not told, since the run may be of another study."""

    told: tuple[int, ...] = ()
    """Of which it told more than how many patients they have."""
    pending: tuple[int, ...] = ()
    """Of which it may still tell, since the run is not over."""
    tables: tuple[int, ...] = ()
    """Those of `told` of which it told no more than tables by arm, and can tell no more."""


@dataclass(frozen=True)
class Opened:
    """What a site answers: it takes part in the whole run."""

    version: str
    """Of riskset at the site."""
    program: Program
    """The program with which it computes."""
    opening: Opening
    """What the coordinator sent to it."""
    key: bytes
    """Its X25519 public key of this run; empty where sums are not masked."""
    policy: Mapping[str, str]
    """The limits it applies, by name; the run's are the strictest of all participants'."""
    may_be_subtracted: bool
    """It signed that its sums may be derived as the difference of two runs."""
    seen: int
    """How many entries of the coordinator's log it has seen."""
    opened: int = 0
    """How many numbers about its patients models and tables opened in other runs here, of any study (R5)."""
    ran: tuple[tuple[str, ...], ...] = ()
    """The lists of participants of all runs in which it contributed, each by its first identity key (hex), as far as
    they are sites of the roster: R13 is judged on what all participants disclose, since no single site knows all
    runs."""
    approval: Approval | None = None
    """Under which it answers, in full; None up to protocol 2."""
    code: Code | None = None
    """With which it computes; None up to protocol 2."""
    told: Mapping[str, ToldSets] = field(default_factory=dict)
    """By earlier run in which it contributed: the analysis sets with which those of this run are compared (R14)."""
    log: LogView | None = None
    """What it shows of its own log before this run; None up to protocol 3."""

    def to_bytes(self) -> bytes:
        at = {key: i for i, key in enumerate(sorted({key for parties in self.ran for key in parties}))}
        content: dict[str, Any] = {
            "version": self.version,
            **self.opening.content,
            "key": self.key.hex(),
            "policy": dict(self.policy),
            "may_be_subtracted": self.may_be_subtracted,
            "seen": self.seen,
            "parties": list(at),
            "ran": [[at[key] for key in parties] for parties in self.ran],
            "opened": self.opened,
            "told": {
                run: {"told": [*of.told], "pending": [*of.pending], "tables": [*of.tables]}
                for run, of in self.told.items()
            },
            **self.program.content,
        }
        if self.approval is not None:
            content["approval"] = {"sha256": self.approval.sha256, "text": self.approval.content}
        if self.code is not None:
            content["code"] = self.code.content
        if self.log is not None:
            content["log"] = self.log.content
        return rfc8785.dumps(content)


def read_opening(payload: bytes) -> Opening:
    """Returns what an opening, or a site's answer to it, says of the run. Raises ProtocolError where malformed:
    NoDecision where it is so in its decisions."""
    return _opening(read_object(payload))


def read_coordinators_program(payload: bytes) -> Program:
    """Returns the program with which the coordinator opened a run. Raises ProtocolError where malformed."""
    return read_program(read_object(payload))


@lru_cache(maxsize=256)
def read_opened(payload: bytes) -> Opened:
    """Returns a site's answer to the opening. Raises ProtocolError where malformed.

    It is kept, since the parties of a rehearsal are in one process and all read the same answers.
    """
    content = read_object(payload)
    version, key, policy = content.get("version"), content.get("key"), content.get("policy")
    subtracted, seen = content.get("may_be_subtracted"), content.get("seen")
    if not isinstance(policy, dict) or not all(isinstance(text, str) for pair in policy.items() for text in pair):
        raise ProtocolError(say("protocol.opening.policy"))
    if not all(_LIMIT.fullmatch(text) for text in policy.values()):
        raise ProtocolError(say("protocol.opening.limit"))
    if not all(map(is_shown, policy)):
        raise ProtocolError(say("protocol.opening.policy"))
    if not (
        isinstance(version, str)
        and is_shown(version)
        and isinstance(subtracted, bool)
        and isinstance(key, str)
        and type(seen) is int
    ):
        raise ProtocolError(say("protocol.opening.field"))
    opened = content.get("opened", 0)  # not stated before protocol 3
    if type(opened) is not int or opened < 0:
        raise ProtocolError(say("protocol.opening.field"))
    program, opening, ran = read_program(content), _opening(content), _ran(content)
    if program.protocol in _WITHOUT_KEYS:
        return Opened(version, program, opening, _key(key), policy, subtracted, seen, opened, ran)
    approval, code = _approval(content.get("approval")), read_code(content.get("code"))
    told = _told(content.get("told"), opening.earlier)
    log = None if program.protocol in _WITHOUT_LOG else read_view(content.get("log"))
    return Opened(
        version, program, opening, _key(key), policy, subtracted, seen, opened, ran, approval, code, told, log
    )


def check_approved(message: Verified, opened: Opened) -> None:
    """Raises ProtocolError where the approval that a site states does not cover its answer: it is of another site,
    study or roster, or permits something else."""
    approval, head = opened.approval, message.head
    if approval is None:
        return
    stated = (head.sender, head.study, head.roster, opened.may_be_subtracted)
    if stated != (approval.site, approval.study, approval.roster, approval.may_be_subtracted):
        raise ProtocolError(say("protocol.opening.approval", site=head.sender))


def open_run(messages: Sequence[Verified], kinds: Collection[str]) -> tuple[Opening, dict[str, Opened]]:
    """Returns the opening that all participants received and each one's answer, by site in the order of names.

    Raises ProtocolError where two received different openings, where an approval does not cover the answer, where they
    would compute `kinds` of analysis with different programs, or where some mask and some do not.
    """
    said = {m.head.sender: read_opened(m.payload) for m in sorted(messages, key=lambda m: m.head.sender)}
    for message in messages:
        check_approved(message, said[message.head.sender])
    openings = {one.opening for one in said.values()}
    if len(openings) != 1 or sorted(next(iter(openings)).participants) != list(said):
        raise ProtocolError(say("protocol.opening.differ"))
    _check_programs(said, kinds)
    if len({len(one.key) for one in said.values()}) != 1:
        raise ProtocolError(say("protocol.opening.masks"))
    return next(iter(openings)), said


def _check_programs(said: Mapping[str, Opened], kinds: Collection[str]) -> None:
    (first, one), *others = said.items()
    if one.program.protocol > PROTOCOL:
        raise ProtocolError(say("protocol.opening.protocol", site=first, protocol=one.program.protocol))
    # riskset 0.1.0 named no methods; the runs it finished can still be derived
    asked = () if one.program.protocol == UNNUMBERED else kinds
    for site, other in [(first, one), *others]:
        if found := other.program.difference(one.program, asked):
            raise ProtocolError(
                say(
                    "protocol.opening.programs",
                    where=found.where,
                    first=found.first,
                    first_site=site,
                    second=found.second,
                    second_site=first,
                )
            )


def read_object(payload: bytes) -> dict[str, Any]:
    """Returns the JSON object of a payload. Raises ProtocolError where it is malformed or not in its canonical form."""
    try:
        content = read_canonical(payload)
    except NotStrictJson:
        raise ProtocolError(say("protocol.opening.not_json")) from None
    if not isinstance(content, dict):
        raise ProtocolError(say("protocol.opening.not_object"))
    return content


def _opening(content: Mapping[str, object]) -> Opening:
    return Opening(_names(content, "participants"), _names(content, "earlier"), read_decisions(content))


def _ran(content: Mapping[str, object]) -> tuple[tuple[str, ...], ...]:
    """Returns lists of participants, written as positions in the list `parties`. Up to protocol 2 they were names,
    which nobody judges any more."""
    lists = content.get("ran")
    if not isinstance(lists, list) or len(lists) > MOST_LISTS:
        raise ProtocolError(say("protocol.opening.ran", most=MOST_LISTS))
    if content.get("protocol", UNNUMBERED) in _WITHOUT_KEYS:
        return tuple(_names({"ran": names}, "ran") for names in lists)
    keys = _names(content, "parties")
    for parties in lists:
        is_list = isinstance(parties, list) and all(type(at) is int and 0 <= at < len(keys) for at in parties)
        if not is_list or len(set(parties)) != len(parties):
            raise ProtocolError(say("protocol.opening.ran_keys"))
    return tuple(tuple(keys[at] for at in parties) for parties in lists)


def _told(stated: object, earlier: Collection[str]) -> dict[str, ToldSets]:
    if not isinstance(stated, dict) or not set(stated) <= set(earlier):
        raise ProtocolError(say("protocol.opening.told"))
    found = {}
    for run, of in stated.items():
        if not isinstance(of, dict) or set(of) != {"told", "pending", "tables"}:
            raise ProtocolError(say("protocol.opening.told"))
        found[run] = ToldSets(_places(of["told"]), _places(of["pending"]), _places(of["tables"]))
        if not set(found[run].tables) <= set(found[run].told):
            raise ProtocolError(say("protocol.opening.told"))
    return found


def _places(stated: object) -> tuple[int, ...]:
    """Returns positions in a list, which are stated in ascending order."""
    places = stated if isinstance(stated, list) else [None]
    if not all(type(at) is int and 0 <= at < MOST_NAMES for at in places) or places != sorted(set(places)):
        raise ProtocolError(say("protocol.opening.told"))
    return tuple(places)


def _approval(stated: object) -> Approval:
    content = stated if isinstance(stated, dict) else {}
    try:
        approval = read_content(content.get("text"))
    except DataError:
        raise ProtocolError(say("protocol.opening.approval_form")) from None
    if content.get("sha256") != approval.sha256:
        raise ProtocolError(say("protocol.opening.approval_form"))
    return approval


def _names(content: Mapping[str, object], what: str) -> tuple[str, ...]:
    names = content.get(what)
    if not isinstance(names, list) or not all(isinstance(name, str) and is_shown(name) for name in names):
        raise ProtocolError(say("protocol.opening.names", what=what))
    if len(names) > MOST_NAMES or len(set(names)) != len(names):
        raise ProtocolError(say("protocol.opening.names_once", what=what, most=MOST_NAMES))
    return tuple(names)


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b"?"
    if key.hex() != text or (key and not is_x25519_key(key)):
        raise ProtocolError(say("protocol.opening.key"))
    return key
