"""`kind = "adverse-events"`: how many of the exposed patients had each adverse event, by arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from riskset.catalogue import Message, say
from riskset.errors import did_you_mean
from riskset.study.adverse_events import ANY, AdverseEvents, EventTerm, Grades, each_grade
from riskset.study.entry import AnalysisEntry, arms_of
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name, Names, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study


class AdverseEventsEntry(AnalysisEntry):
    """Patients with each term of `[adverse_events]`, and with any, at each grade. They are those who were exposed and
    whose terms are all known."""

    kind: Literal["adverse-events"]
    grades: Grades = ("any", ">=3")
    terms: Names | None = None
    """Those that are counted; none: all."""
    any_term: bool = True
    """Whether patients with any term of the study are counted too."""
    complete_in: tuple[Name, ...] = ()
    """Further variables of which the patients have a value, such as the covariates of models of the same patients."""
    populations: tuple[Literal["all"], ...] = Field(default=("all",), min_length=1, max_length=1)

    @field_validator("grades")
    @classmethod
    def _known_grades(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_grade(value)

    @field_validator("terms")
    @classmethod
    def _distinct(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if value is None else each_once(value)

    def asked(self, recorded: AdverseEvents) -> tuple[str, ...]:
        """Returns the names of the terms; all of them in the order of the alphabet, as a table of a file has none."""
        return self.terms or tuple(sorted(recorded.terms))

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        if not draft.has_adverse_events:
            yield Complaint((*path, "kind"), say("study.adverse_events.missing"))
        yield from draft.complete_in((*path, "complete_in"), self.complete_in)
        if draft.adverse_events is None:
            return
        for position, name in enumerate(self.terms or ()):
            if name not in draft.adverse_events.terms:
                unknown = say("study.adverse_events.unknown_term", name=name)
                yield Complaint((*path, "terms", position), unknown, did_you_mean(name, draft.adverse_events.terms))
            elif not self._counted(draft.adverse_events.terms[name]):
                yield Complaint((*path, "terms", position), say("study.adverse_events.not_counted", name=name))
        if not self.terms and not any(map(self._counted, draft.adverse_events.terms.values())):
            yield Complaint((*path, "grades"), say("study.adverse_events.none_counted"))

    def _counted(self, term: EventTerm) -> bool:
        """Whether the term is counted at one of the grades."""
        return term.grades is None or not set(term.grades).isdisjoint(self.grades)

    def _grades(self) -> tuple[str, ...]:
        """As sentences print them."""
        return tuple(say("study.adverse_events.any") if grade == ANY else grade for grade in self.grades)

    def sentences(self, study: Study) -> Iterator[Message | str]:
        arms, recorded = arms_of(study), _recorded(study)
        terms = tuple(recorded.terms[name].label or name for name in self.asked(recorded))
        code = "counts_by_arm" if arms else "counts"
        yield say(f"study.adverse_events.{code}", terms=terms, grades=self._grades(), grading=recorded.grading, **arms)

    def facts(self, study: Study) -> dict[str, Any]:
        return {"terms": list(self.asked(_recorded(study))), "grades": list(self.grades)}

    def lines(self, study: Study) -> list[Message | str]:
        n = len(self.asked(_recorded(study)))
        return [say("study.adverse_events.line", kind=self.kind, n=n, grades=self._grades())]


def _recorded(study: Study) -> AdverseEvents:
    assert study.adverse_events is not None, "a study that asks for adverse events records them"
    return study.adverse_events
