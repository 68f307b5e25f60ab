"""How many of the exposed patients had each adverse event, by arm: one-way counts of each term and grade.

A patient counts once for a term, at the worst grade, and once for any term.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from riskset.analyses.analysis import LEVEL, NotEstimable, Result
from riskset.analyses.cohort import ALL, SetId
from riskset.analyses.counts_in_tables import CountedInTables, tables_of
from riskset.analyses.proportions import Proportions, comparison_json, proportion_json, proportions_of
from riskset.catalogue import say
from riskset.disclosure.exposure import Column
from riskset.study.adverse_events import codes_at
from riskset.study.asked.adverse_events import AdverseEventsEntry
from riskset.study.spec import Study

Json = dict[str, Any]


@dataclass(frozen=True)
class AtGrade:
    """Patients with a term, or with any term, at a grade or worse."""

    term: str | None
    """None for any term."""
    grade: str
    found: Proportions


@dataclass(frozen=True)
class Events(Result):
    """The exposed patients, and of them those with each term, the most frequent first, and with any."""

    exposed: Proportions
    counted: tuple[AtGrade, ...]

    @property
    def any(self) -> tuple[AtGrade, ...]:
        """Of any term, by grade."""
        return tuple(one for one in self.counted if one.term is None)

    @property
    def terms(self) -> dict[str, tuple[AtGrade, ...]]:
        """By term, the most frequent first: at the first grade at which it is counted, in all patients."""
        by_term: dict[str, list[AtGrade]] = {}
        for one in self.counted:
            if one.term is not None:
                by_term.setdefault(one.term, []).append(one)
        in_order = sorted(by_term.items(), key=lambda item: -item[1][0].found.overall.n)
        return {term: tuple(of) for term, of in in_order}


@dataclass(frozen=True, kw_only=True)
class AdverseEventCounts(CountedInTables):
    """The analysis: one round. Summary: the counts by arm."""

    kind: ClassVar[str] = "adverse-events"

    asked: tuple[tuple[str | None, str], ...]
    """Term, None for any, and grade, of each level of the tables."""
    grading: str

    def combine(self, total: Sequence[float], state: None) -> Result:
        counts = self.tables.split_total(total)
        patients = counts[:, 0].tolist()
        if not any(patients):
            return NotEstimable("no patients", say("analyses.no_patients"))
        levels, reference = self.tables.arms.levels, self.tables.arms.reference
        of = [proportions_of(levels, reference, having.tolist(), patients) for having in counts.T]
        counted = (AtGrade(term, grade, found) for (term, grade), found in zip(self.asked, of[1:], strict=True))
        return Events(of[0], tuple(counted))

    def question_json(self) -> Json:
        by = {"variable": self.tables.arms.variable, "reference": self.tables.arms.reference}
        return by | {"grading": self.grading} | self.arms_reason_json()

    def result_json(self, result: Events) -> Json:
        everyone = (*result.exposed.arms, result.exposed.overall)
        return {
            "level": LEVEL,
            "exposed": [{"level": arm.level, "n": arm.of} for arm in everyone],
            "any": [_grade_json(one) for one in result.any],
            "terms": [{"term": term, "grades": [_grade_json(one) for one in of]} for term, of in result.terms.items()],
        }


def _grade_json(one: AtGrade) -> Json:
    compared = [comparison_json(of, with_ratios=False) for of in one.found.comparisons]
    only = compared[0] if len(compared) == 1 else {}
    return {
        "grade": one.grade,
        "overall": proportion_json(one.found.overall, with_limits=False),
        "arms": [proportion_json(arm, with_limits=False) for arm in one.found.arms],
        "difference": only.get("difference"),
        "fisher": only.get("fisher"),
        "comparisons": compared,
    }


def planned(study: Study, name: str, entry: AdverseEventsEntry) -> Iterator[AdverseEventCounts]:
    """Yields the counts of an entry of the study file."""
    recorded = study.adverse_events
    assert recorded is not None, "a study that asks for adverse events records them"
    arms = (study.comparison.arm,) if study.comparison else ()
    terms = {term: recorded.terms[term] for term in entry.asked(recorded)}
    every = recorded.variables  # any term is any of the study's: that of some would be another part of it
    columns: dict[tuple[str | None, str], Column] = {}
    for grade in entry.grades if entry.any_term else ():
        if column := _column(study, "any term", every, grade):
            columns[None, grade] = column
    for term, of in terms.items():
        for grade in entry.grades:
            if grade in (of.grades or entry.grades) and (column := _column(study, term, of.from_, grade)):
                columns[term, grade] = column
    yield AdverseEventCounts(
        id="adverse-events/safety",
        name=name,
        set_id=SetId(None, ALL, tuple(dict.fromkeys((*arms, recorded.safety_population, *every, *entry.complete_in)))),
        asked=tuple(columns),
        tables=tables_of(study, list(columns.values())),
        grading=recorded.grading,
    )


def _column(study: Study, term: str, variables: Sequence[str], grade: str) -> Column | None:
    """Returns the indicator of a grade or worse of any of the variables; None where none of them records it."""
    merged = tuple((of, codes) for of in variables if (codes := codes_at(study.levels_of(of), grade)))
    if not merged:
        return None
    level = "any grade" if grade == "any" else f"grade {grade}"
    variable = merged[0][0] if len(variables) == 1 else term
    return Column(variable, level, f"not {level}", merged[0][1][0], merged=merged)
