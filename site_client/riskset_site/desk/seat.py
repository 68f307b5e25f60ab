"""Whose folder the desk shows, and what opens its keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from riskset.catalogue import say
from riskset.errors import DataError, RisksetError
from riskset.passphrase import is_in_environment, passphrase_given
from riskset.secure.keys import is_locked
from riskset_site.consent.signed_facts import DataFacts
from riskset_site.data.config import load_site_file
from riskset_site.keys import SitePaths, identity_in, load_keys
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.proposal import Proposal

Found = TypeVar("Found")


@dataclass(frozen=True)
class Proposed:
    """A proposal for the site file, as a form showed it."""

    proposal: Proposal
    given: Answers
    export: str
    """Hash of the file that was read."""
    id: str = field(default_factory=lambda: token_hex(8))
    """By which the form says which proposal its answers are of."""


@dataclass
class SiteSeat:
    """The one who sits at the desk of a site."""

    site_file: Path
    by: str = ""
    """The name under which they decided last, so that it is typed once."""
    done: tuple[str, ...] = ()
    """What their last form did, for the next page to say."""
    reviewed: DataFacts | None = None
    """The data of the review that was shown last."""
    proposed: Proposed | None = None
    """What the form of the map showed last."""
    passphrase: bytes = field(default=b"", repr=False)
    """In the memory of this process alone, until it ends."""

    @property
    def paths(self) -> SitePaths:
        return SitePaths(self.site_file.parent)

    @property
    def site(self) -> str:
        """The name of the site; empty where the site file cannot be read."""
        try:
            return load_site_file(self.site_file, needs_export=False).site
        except (RisksetError, OSError):
            return ""

    @property
    def has_joined(self) -> bool:
        """Whether the site has keys, which it makes when it joins."""
        return self.paths.has_keys

    @property
    def has_passphrase(self) -> bool:
        """Whether the keys are locked, and nobody has given the passphrase with the command."""
        return self.has_joined and is_locked(identity_in(self.paths.keys[0])) and not is_in_environment()

    @property
    def is_shut(self) -> bool:
        """Whether a page that needs the keys has to ask for their passphrase first."""
        return self.has_passphrase and not self.passphrase

    def unlock(self, passphrase: str) -> None:
        """Keeps the passphrase. DataError where it does not open the keys."""
        self.check(passphrase)
        self.passphrase = passphrase.encode()

    def choose(self, passphrase: str, again: str) -> None:
        """Keeps a new passphrase, with which keys are about to be locked. DataError where it was not typed twice."""
        if passphrase != again:
            raise DataError(say("site.desk.not_same"))
        self.passphrase = passphrase.encode()

    def check(self, passphrase: str) -> None:
        """Raises DataError where this is not the passphrase of the keys."""
        load_keys(self.paths, passphrase=passphrase.encode())

    def told(self) -> tuple[str, ...]:
        """Returns what the last form did, once."""
        done, self.done = self.done, ()
        return done

    async def work(self, function: Callable[[], Found]) -> Found:
        """Returns what a function returns that reads files and computes, while the desk goes on answering."""
        with passphrase_given(self.passphrase):
            return await run_in_threadpool(function)
