"""What was checked of a bundle, and what is wrong or odd in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from riskset.catalogue import Message, say
from riskset.errors import RisksetError


@dataclass(frozen=True)
class Finding:
    """Something wrong, or odd, and where."""

    file: str
    """Path in the bundle."""
    message: Message
    entry: int | None = None
    """Of the log, from 0."""

    @property
    def told(self) -> Message:
        """Where it is, and what it means."""
        if self.entry is None:
            return say("audit.finding.file", file=self.file, message=self.message)
        return say("audit.finding.entry", file=self.file, entry=self.entry, message=self.message)

    def to_json(self) -> dict[str, Any]:
        place = {"file": self.file, **({} if self.entry is None else {"entry": self.entry})}
        return {**place, "message": str(self.message), **self.message.to_json()}


@dataclass
class Checks:
    """Takes in one check after the other; none is left out because another one failed, but for those that need it."""

    held: Counter[str] = field(default_factory=Counter)
    """How many held, by topic: a key of the catalogue under `audit.topic`."""
    failures: list[Finding] = field(default_factory=list)
    odd: list[Finding] = field(default_factory=list)
    """What is possible, but should be explained."""

    def that(self, topic: str, holds: bool, file: str, otherwise: Message, entry: int | None = None) -> bool:
        """Takes in one check, and returns whether it holds."""
        if holds:
            self.held[topic] += 1
        else:
            self.failures.append(Finding(file, otherwise, entry))
        return holds

    @contextmanager
    def each(self, topic: str, file: str, entry: int | None = None) -> Iterator[None]:
        """Inside the context, what raises is a check that does not hold."""
        try:
            yield
        except RisksetError as wrong:
            self.failures.append(Finding(file, wrong.message, entry))
        else:
            self.held[topic] += 1

    @property
    def all_hold(self) -> bool:
        return not self.failures
