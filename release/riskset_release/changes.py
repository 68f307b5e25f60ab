"""What an output shows otherwise than the last release did, and by how many patients, in sentences for a committee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from riskset.catalogue import Message, say
from riskset.results import Results
from riskset_release.gate.counted import arm_of
from riskset_release.gate.earlier import Earlier, changes, is_same
from riskset_report.cells import cells_of


class Changes:
    """Compares the results of a run with those that were released."""

    def __init__(self, results: Results, earlier: Sequence[Earlier]) -> None:
        """`earlier`: the first release first."""
        self._results, self._earlier = results, earlier

    def of(self, cells: Sequence[str]) -> Iterator[Message]:
        """Yields what has changed of the results that an output shows in these cells, since one of them was last
        released; nothing where no earlier release is known. Fewer patients than k of the study's rule are not told."""
        of = {result for id_ in cells if (result := self._now.get(id_, ("", None))[0])}
        before = next((one for one in reversed(self._earlier) if of & one.published), None)
        if before is None:
            yield from [say("release.changed.new")] if self._earlier else []
            return
        told = {"run": before.run, "date": before.at[:10]}
        known, by, further = self._before[before.run], self._patients(before, of), of - before.published
        same = [id_ in known and is_same(self._now[id_][1], known[id_][1]) for id_ in cells if id_ in self._now]
        if all(same) and not by and not further:
            yield say("release.changed.same", **told)
            return
        yield say("release.changed.numbers", n=same.count(False), of=len(same), **told)
        if further:
            yield say("release.changed.further", n=len(further))
        yield from self._told(by)

    def _told(self, by: set[int]) -> Iterator[Message]:
        least = self._results.study.disclosure.min_cell
        if not by:
            yield say("release.changed.no_patients")
        if max(by, default=0) >= least:
            yield say("release.changed.patients", n=max(by))
        if min(by, default=least) < least:
            yield say("release.changed.few", k=least)

    def _patients(self, before: Earlier, of: set[str]) -> set[int]:
        """Returns by how many patients these results have changed, where they have."""
        arm, old = arm_of(self._results), {entry.id: entry for entry in before.results.entries}
        pairs = ((old[entry.id], entry) for entry in self._results.entries if entry.id in of & old.keys())
        return {n for one, entry in pairs for n in changes(one, entry, arm) if n}

    @cached_property
    def _now(self) -> Mapping[str, tuple[str, float]]:
        return _numbers(self._results)

    @cached_property
    def _before(self) -> Mapping[str, Mapping[str, tuple[str, float]]]:
        return {one.run: _numbers(one.results) for one in self._earlier}


def _numbers(results: Results) -> dict[str, tuple[str, float]]:
    """Returns by id of a cell its result and number."""
    return {
        cell.id: (cell.place.result, cell.value) for cell in cells_of(results) if isinstance(cell.value, int | float)
    }
