"""What differs between two runs: study, parties, approvals, programs, results; in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from riskset.audit.bundle import LOG, RESULTS_JSON, STUDY
from riskset.audit.json_values import ABSENT, side_by_side
from riskset.audit.recorded_run import RecordedRun
from riskset.audit.verify import Verification
from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.secure.keys import public_hex
from riskset.strict_json import NotStrictJson, read_json

_LONGEST: Final = 80
_APPROVED: Final = ("by", "irb", "until", "policy", "exceptions", "compared", "may_be_subtracted", "may_be_told_alone")
"""What a person decides when a site approves; the rest of an approval follows from study, roster, data and program."""

Files = Mapping[str, bytes]


def check_one_log(one: Verification, other: Verification) -> None:
    """Takes in whether the log of one bundle continues that of the other, where one coordinator made both."""
    if one.run is None or other.run is None or one.log is None or other.log is None:
        return
    if public_hex(one.run.roster.coordinator) == public_hex(other.run.roster.coordinator):
        size = min(one.log.tree.size, other.log.tree.size)
        is_one = one.log.tree.root(size) == other.log.tree.root(size)
        other.checks.that("log", is_one, LOG, say("audit.diff.other_log"))


def differences(one: RecordedRun, of_one: Files, other: RecordedRun, of_other: Files) -> Iterator[Message]:
    """Yields what differs between a run and a later one, with the files of their bundles; nothing where all is the
    same. Both bundles have been verified."""
    yield from _changed("study", read_json(of_one[STUDY]), read_json(of_other[STUDY]))
    yield from _parties(one, other)
    for site in sorted({*one.participants} & {*other.participants}):
        before, after = (_approved(files, site) for files in (of_one, of_other))
        yield from _changed(f"approvals/{site}", before, after)
    yield from _changed("code", *(read_json(files["code.json"]) for files in (of_one, of_other)))
    yield from _results(*(_by_id(files) for files in (of_one, of_other)))


def _changed(of: str, one: Any, other: Any) -> Iterator[Message]:  # noqa: ANN401 - any JSON value
    for place, before, after in side_by_side(one, other):
        if before is ABSENT:
            yield say("audit.diff.added", of=of, place=place, after=_short(after))
        elif after is ABSENT:
            yield say("audit.diff.removed", of=of, place=place, before=_short(before))
        elif before != after:
            yield say("audit.diff.changed", of=of, place=place, before=_short(before), after=_short(after))


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON value
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _parties(one: RecordedRun, other: RecordedRun) -> Iterator[Message]:
    if public_hex(one.roster.coordinator) != public_hex(other.roster.coordinator):
        yield say("audit.diff.coordinator")
    for site in dict.fromkeys((*one.participants, *other.participants)):
        if site not in one.participants:
            yield say("audit.diff.joined", site=site)
        elif site not in other.participants:
            yield say("audit.diff.left", site=site)
        elif public_hex(one.roster.sites[site]) != public_hex(other.roster.sites[site]):
            yield say("audit.diff.key", site=site)


def _approved(files: Files, site: str) -> dict[str, Any]:
    content = read_json(files.get(f"approvals/{site}.json", b"{}")).get("approval", {})
    return {name: content[name] for name in _APPROVED if name in content}


def _by_id(files: Files) -> dict[str, Any]:
    """Returns the results by their id. Raises DataError where the file, which `verify` does not read, holds none."""
    try:
        results = read_json(files[RESULTS_JSON])["results"]
        return {str(result["id"]): {**result, "status": str(result["status"])} for result in results}
    except (NotStrictJson, KeyError, TypeError):
        raise DataError(say("audit.diff.results", file=RESULTS_JSON), say("audit.diff.results_hint")) from None


def _results(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Message]:
    for id_ in dict.fromkeys((*before, *after)):
        if id_ not in before:
            yield say("audit.diff.new_result", id=id_, status=after[id_]["status"])
        elif id_ not in after:
            yield say("audit.diff.no_result", id=id_, status=before[id_]["status"])
        elif before[id_]["status"] != after[id_]["status"]:
            yield say("audit.diff.status", id=id_, before=before[id_]["status"], after=after[id_]["status"])
        else:
            values = [(one, other) for _, one, other in side_by_side(before[id_], after[id_])]
            if n := sum(one != other for one, other in values):
                yield say("audit.diff.values", id=id_, n=n, all=len(values))
