"""What a committee decides about, one by one: each table, figure and text of a release, exactly as it would appear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from riskset.audit.proof import output_hash
from riskset.catalogue import Message
from riskset.secure.envelope import sha256
from riskset.study.release import Release

if TYPE_CHECKING:
    from riskset_release.folder.described import Origin
    from riskset_release.gate.earlier import Earlier

OutputKind = Literal["table", "figure", "text"]


@dataclass(frozen=True)
class Verdict:
    """What one rule of the release gate found."""

    rule: str
    """Its name, as docs/release.md explains it."""
    found: Message
    """What it found, with its margin, in a sentence."""
    passes: bool
    """False where something was held back, or where only an exception lets it pass."""
    needs_exception: bool = False
    """Whether only votes as an exception, with a reason, can release the output."""


@dataclass(frozen=True)
class Output:
    """One thing that may be published."""

    id: str
    """The same in each run of a study: the name of its file, without an ending."""
    kind: OutputKind
    title: str
    asked: str
    """What the study asks with it, in one sentence: a message where there is one."""
    html: str
    """It as a page shows it: a table, or a drawing with its texts; no script, no link."""
    files: Mapping[str, bytes]
    """Exactly what would be published, by path in the release folder."""
    verdicts: Sequence[Verdict] = ()
    told: Sequence[Message] = ()
    """What a hostile reader could compute from it and everything else that is published."""
    asked_of: Sequence[Message] = ()
    """Of what and in whom it is asked: arms, patients, endpoint."""
    changed: Sequence[Message] = ()
    """What differs from the last release, and by how many patients."""
    counts: frozenset[str] = frozenset()
    """The counts of patients that it shows, by the ids of their cells; a later release is judged with them."""
    results: frozenset[str] = frozenset()
    """The results of which it shows something, by their ids."""

    @property
    def by_exception(self) -> tuple[str, ...]:
        """The rules that let it pass as an exception only."""
        return tuple(verdict.rule for verdict in self.verdicts if verdict.needs_exception)

    @cached_property
    def sha256(self) -> str:
        """The hash that a vote names: over every file, so that one that changes is voted on again."""
        return output_hash(self.id, {path: sha256(content) for path, content in self.files.items()})


@dataclass(frozen=True)
class Candidate:
    """All outputs of a run that could be released, and what the bundle's check said."""

    run: str
    study: str
    """Id and version."""
    title: str
    study_sha256: str
    bundle_sha256: str
    outputs: Sequence[Output]
    failures: Sequence[Message] = ()
    """What does not hold of the bundle; then nothing is released."""
    odd: Sequence[Message] = ()
    """What is possible, but should be explained."""
    held_back: Sequence[str] = ()
    """The counts of patients that the gate holds back: which ones, not their values."""
    earlier: Sequence[Earlier] = ()
    """The releases with which it was judged together."""
    exact: Sequence[str] = ()
    """The figures of which there is a second one with exact curves."""
    release: Release | None = None
    """Who decides, where the study says it."""
    ended_at: str = ""
    """When the run ended, by its entry in the coordinator's log (UTC, ISO 8601); empty where it has not."""
    records: Mapping[str, bytes] = field(default_factory=dict, compare=False)
    """The files of the bundle from which the public proof is made, by path."""
    origin: Origin | None = None
    """What the pages of a release say of study and run; None where no run could be read."""

    def output(self, id_: str) -> Output | None:
        return next((one for one in self.outputs if one.id == id_), None)
