"""Columns that an earlier run asked and did not tell (rule R14).

Two versions of a study may have two columns that differ in one patient, each of which is told in one of them only: R2
sees one at a time, and nobody was altered. So a column that a run did not tell counts as one that it did not have, and
is compared with all that it told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from riskset.analyses.admission.features import Feature, features_of
from riskset.analyses.analysis import Analysis
from riskset.protocol.journal import DERIVED, VALUE, Begun, RowMarks
from riskset.protocol.same_content import Columns


def columns_used(rows: RowMarks, analyses: Sequence[Analysis]) -> dict[str, tuple[int, ...]]:
    """Returns, by name of each column in a set that the analyses use, the positions of its fields in the marks."""
    used = {feature.name: _fields_of(rows, feature) for feature in features_of(analyses) if feature.column is not None}
    # of a set weighted by a column something is told only together with the weight
    return used | {analysis.analysis_set: weight for analysis in analyses if (weight := _weight_of(rows, analysis))}


def untold_columns(
    contributed: Mapping[str, Begun],
    told: Callable[[str], Collection[str]],
    now: RowMarks,
    analyses: Sequence[Analysis],
) -> dict[str, dict[str, int]]:
    """Returns by earlier run, and by id of each analysis with a column that the run did not tell: the fewest patients,
    but at least one, by which such a column differs from one that the run told, where the two are nearly the same.

    Nothing of runs in which patients have no keys, or other ones.
    """
    found: dict[str, dict[str, int]] = {}
    for run, begun in contributed.items():
        if begun.columns:
            compared = _Compared(begun, told(run), now)
            found[run] = {analysis.id: n for analysis in analyses if (n := compared.nearest(analysis))}
    return found


def _fields_of(rows: RowMarks, feature: Feature) -> tuple[int, ...]:
    return () if feature.column is None else rows.behind.get(feature.column.variable, ())


def _weight_of(rows: RowMarks, analysis: Analysis) -> tuple[int, ...]:
    name = analysis.set_id.weighted_by
    return () if name is None else rows.behind.get(name, ())


class _Compared:
    """The fields of the present data beside those that one earlier run told."""

    def __init__(self, begun: Begun, told: Collection[str], now: RowMarks) -> None:
        positions = {position for name, of in begun.columns.items() if name in told for position in of}
        self._told = {i: begun.rows.fields[i] for i in positions if begun.rows.fields[i].what in (VALUE, DERIVED)}
        self._now, self._columns = now, Columns(begun.rows, now)
        self._known: dict[int, int] = {}

    def nearest(self, analysis: Analysis) -> int:
        """Returns the fewest patients by which a field of the analysis differs from one that was told; 0 where it has
        none that was not told, or none that is nearly the same."""
        fields = {j for feature in features_of([analysis]) for j in _fields_of(self._now, feature)}
        fields.update(_weight_of(self._now, analysis))
        return min((n for j in fields if (n := self._differs(j))), default=0)

    def _differs(self, j: int) -> int:
        if j not in self._known:
            is_told = self._now.fields[j] in self._told.values()
            self._known[j] = 0 if is_told else min(self._from_told(j), default=0)
        return self._known[j]

    def _from_told(self, j: int) -> list[int]:
        found = []
        for i, of in self._told.items():
            columns = self._columns.turned(i, j)
            if columns.agreement(i, j, of).shows_one(of):
                found.append(columns.differing(i, j))
        return found
