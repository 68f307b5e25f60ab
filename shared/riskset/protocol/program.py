"""The program with which a party takes part: its protocol, and its methods for each kind of analysis.

Every party derives every total, every next point and every result itself. Two that compute differently would diverge
without noticing, so a run has one protocol and, for each kind of analysis in its study, one version of the method.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from riskset.catalogue import say
from riskset.errors import ProtocolError
from riskset.study.asked import installed

PROTOCOL: Final = 4
"""Goes up when a message, a round or an order of numbers changes."""
UNNUMBERED: Final = 1
"""The protocol of riskset 0.1.0, whose messages state none."""

OLDER_PROTOCOL: Final = "older_protocol"
NEWER_PROTOCOL: Final = "newer_protocol"
NO_METHOD: Final = "no_method"
OLDER_METHOD: Final = "older_method"
NEWER_METHOD: Final = "newer_method"
OTHER_METHOD: Final = "other_method"

_MOST_METHODS: Final = 1000
_WORDS: Final = re.compile(r"[!-~]+( [!-~]+)*")
"""Printable ASCII: a method's name and version are shown on other parties' terminals."""
_LONGEST: Final = 200
_NUMBERS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,9}")


@dataclass(frozen=True)
class Difference:
    """Why two parties cannot do one run."""

    code: str
    """How the first compares with the second: one of the codes above."""
    where: str
    """`protocol`, or the kind of analysis."""
    first: str
    """What the first has; `none` for nothing."""
    second: str


@dataclass(frozen=True)
class Program:
    """What one party has."""

    protocol: int
    methods: Mapping[str, str]
    """Installed kinds of analysis, each with the distribution that provides it and its version: `riskset 0.1.0`."""

    @property
    def content(self) -> dict[str, Any]:
        """Its keys in a message."""
        return {"protocol": self.protocol, "methods": dict(self.methods)}

    def of(self, kinds: Collection[str]) -> dict[str, str]:
        """Returns its methods for these kinds; empty texts where there is none."""
        return {kind: self.methods.get(kind, "") for kind in sorted(kinds)}

    def difference(self, other: Program, kinds: Collection[str]) -> Difference | None:
        """Returns what prevents a run of these `kinds` of analysis with the other party; None where nothing does.

        Methods of other kinds may differ: no number of the run depends on them.
        """
        if self.protocol != other.protocol:
            code = OLDER_PROTOCOL if self.protocol < other.protocol else NEWER_PROTOCOL
            return Difference(code, "protocol", str(self.protocol), str(other.protocol))
        for kind in sorted(kinds):
            own, others = self.methods.get(kind, ""), other.methods.get(kind, "")
            if not own or own != others:
                return Difference(_compared(own, others), kind, own or "none", others or "none")
        return None


def here() -> Program:
    """Returns the program of this process."""
    return Program(PROTOCOL, installed())


def read_program(content: Mapping[str, Any]) -> Program:
    """Returns the program that a message states, that of riskset 0.1.0 where it states none. Raises ProtocolError where
    it is malformed."""
    protocol, methods = content.get("protocol", UNNUMBERED), content.get("methods", {})
    if type(protocol) is not int or protocol < UNNUMBERED:
        raise ProtocolError(say("protocol.program.number"))
    if not isinstance(methods, dict) or len(methods) > _MOST_METHODS:
        raise ProtocolError(say("protocol.program.methods", most=_MOST_METHODS))
    if not all(_is_shown(kind) and _is_shown(method) for kind, method in methods.items()):
        raise ProtocolError(say("protocol.program.text"))
    return Program(protocol, methods)


def _is_shown(text: object) -> bool:
    return isinstance(text, str) and len(text) <= _LONGEST and bool(_WORDS.fullmatch(text))


def _compared(own: str, others: str) -> str:
    """Returns the code for two methods of one kind that are not the same."""
    if not own:
        return NO_METHOD
    (package, _, version), (other_package, _, other) = own.rpartition(" "), others.rpartition(" ")
    if package != other_package or not (_NUMBERS.fullmatch(version) and _NUMBERS.fullmatch(other)):
        return OTHER_METHOD  # nobody can say which one is older
    mine, theirs = _release(version), _release(other)
    return OTHER_METHOD if mine == theirs else OLDER_METHOD if mine < theirs else NEWER_METHOD


def _release(version: str) -> tuple[int, ...]:
    """PEP 440: 1.0 and 1.0.0 are one release."""
    numbers = [int(number) for number in version.split(".")]
    while numbers and numbers[-1] == 0:
        del numbers[-1]
    return tuple(numbers)
