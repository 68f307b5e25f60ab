"""Draws the report of a run again, and compares every file of the results with what follows from the sums.

The report is above this package, which works without it: it is found by its entry point. What a person reads in a file
must follow on every machine. How it is drawn may differ where the results say that other versions or fonts drew them;
where they name those of this machine, each byte must be the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import entry_points
from itertools import zip_longest
from typing import Any, Final, Protocol

from riskset.audit.bundle import RESULTS, RESULTS_JSON
from riskset.audit.checks import Checks, Finding
from riskset.audit.json_values import side_by_side
from riskset.audit.recorded_run import RecordedRun
from riskset.audit.text_places import Where, are_alike, place_of, texts_of
from riskset.catalogue import Message, languages, say
from riskset.results import Results
from riskset.secure.envelope import sha256
from riskset.strict_json import NotStrictJson, read_json

GROUP: Final = "riskset.report"
"""Entry point of what draws a report; it can be imported where the extra `report` is installed."""
PROVENANCE: Final = f"{RESULTS}provenance.json"
_NOTHING: Final = say("audit.report.nothing")
_NO_VERSION: Final = say("audit.report.no_version")
_LONGEST, _BEFORE = 60, 20
"""Signs of a text that are shown, and those of them before the first difference."""

Files = Mapping[str, bytes]


class Draw(Protocol):
    """Draws the files of a run's folder, by their path in it. Times are UTC, ISO 8601; `roster` is its SHA-256."""

    def __call__(
        self, results: Results, *, roster: str, began_at: str, ended_at: str, language: str, text_as_paths: bool
    ) -> Files: ...


def installed_report() -> Draw | None:
    """Returns what draws a report; None where the extra `report` is not installed."""
    for entry in entry_points(group=GROUP):
        try:
            draw: Draw = entry.load()
        except ModuleNotFoundError:
            return None
        return draw
    return None


def check_report(checks: Checks, files: Files, run: RecordedRun, results: Results, draw: Draw) -> None:
    """Compares the files of the results, but results.json, with those that `draw` makes of what follows. In which
    language and form they were drawn, provenance.json says: where it does not, that is a failure and nothing else is
    compared. Nothing is written."""
    said = _provenance(files.get(PROVENANCE, b""))
    if said is None:
        checks.failures.append(Finding(PROVENANCE, say("audit.report.unknown")))
        return
    form = {"language": said["language"], "text_as_paths": said["text_as_paths"]}
    drawn = draw(results, roster=run.roster.sha256, began_at=run.began_at, ended_at=run.last_reply_at, **form)
    again = {f"{RESULTS}{name}": content for name, content in drawn.items()}
    found = {path: content for path, content in files.items() if path.startswith(RESULTS)}
    ours = read_json(again[PROVENANCE])
    of_machine = _of_machine(said, ours)
    otherwise = []
    for path in sorted({*found, *again} - {PROVENANCE, RESULTS_JSON}):
        if wrong := _text_difference(path, again.get(path), found.get(path)):
            checks.failures.append(Finding(path, wrong))
        elif _is_same(path, again[path], found[path]):
            checks.held["report"] += 1
        elif of_machine:
            otherwise.append(path)
        else:
            at = _first_difference(again[path], found[path])
            checks.failures.append(Finding(path, say("audit.report.byte", at=at)))
    if otherwise:
        message = say("audit.report.otherwise", n=len(otherwise), first=otherwise[0], versions=of_machine)
        checks.odd.append(Finding(PROVENANCE, message))
    _check_provenance(checks, said, ours, found)


def _provenance(content: bytes) -> dict[str, Any] | None:
    """Returns provenance.json; None where it does not say how the report was drawn."""
    try:
        said = read_json(content)
    except NotStrictJson:
        return None
    if not isinstance(said, dict) or said.get("language") not in languages():
        return None
    of_machine = (said.get("versions"), said.get("fonts"))
    named = all(isinstance(one, dict) and all(isinstance(of, str) for of in one.values()) for one in of_machine)
    return said if isinstance(said.get("text_as_paths"), bool) and named else None


def _of_machine(said: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[Message, ...]:
    """Returns the versions and fonts in which two provenance.json differ; a font by the first digits of its hash."""
    sides = [one["versions"] | {name: of[:8] for name, of in one["fonts"].items()} for one in (said, ours)]
    return tuple(
        say("audit.report.version", name=name, found=found or _NO_VERSION, here=here or _NO_VERSION)
        for name in dict.fromkeys((*sides[0], *sides[1]))
        if (found := sides[0].get(name)) != (here := sides[1].get(name))
    )


def _text_difference(path: str, expected: bytes | None, found: bytes | None) -> Message | None:
    """Returns the first text that differs, with its place; None where a reader reads the same in both."""
    if expected is None or found is None:
        return say("audit.report.not_drawn") if expected is None else say("audit.file.missing")
    if expected == found:
        return None
    try:
        read = texts_of(path, found)
    except ValueError:
        return say("audit.report.unreadable")
    for one, other in zip_longest(texts_of(path, expected) or (), read or ()):
        if one is None or other is None or not are_alike(path, one[1], other[1]):
            place = place_of(path, (one or other)[0])
            at = _first_difference(one[1], other[1]) if one and other else 0
            return say("audit.report.text", place=place, expected=_shown(one, at), found=_shown(other, at))
    return None


def _is_same(path: str, expected: bytes, found: bytes) -> bool:
    """Whether two files in which a reader reads the same are the same; one for programs is no more than its texts."""
    return expected == found or path.endswith((".csv", ".md"))


def _first_difference(one: bytes | str, other: bytes | str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _shown(one: tuple[Where, str] | None, at: int) -> str | Message:
    """Returns a text as JSON writes it; of a long one what is around its first difference."""
    if one is None:
        return _NOTHING
    text, begin = one[1], max(0, at - _BEFORE)
    shown = f"{'…' if begin else ''}{text[begin : begin + _LONGEST]}{'…' if begin + _LONGEST < len(text) else ''}"
    return json.dumps(text if len(text) <= _LONGEST else shown, ensure_ascii=False)


def _check_provenance(checks: Checks, said: Mapping[str, Any], ours: Mapping[str, Any], found: Files) -> None:
    """provenance.json lists the files as they are, and says of the run what follows."""
    listed = {path.removeprefix(RESULTS): sha256(content) for path, content in found.items() if path != PROVENANCE}
    of_machine = {"versions": said["versions"], "fonts": said["fonts"], "files": listed}
    for place, one, other in side_by_side({**ours, **of_machine}, said):
        checks.that("report", one == other and type(one) is type(other), PROVENANCE, _wrong(place))


def _wrong(place: str) -> Message:
    return say("audit.replay.differs", place=place)
