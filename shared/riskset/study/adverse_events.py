"""`[adverse_events]`: which adverse events a study records, in which variables, and who was exposed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator, Field, field_validator

from riskset.catalogue import say
from riskset.study.toml_table import Complaint, Label, Name, Names, Text, TomlTable, complain, each_once, repeated

if TYPE_CHECKING:
    from riskset.study.references import Draft

ANY: Final = "any"
_AT_LEAST: Final = re.compile(r">=[1-5]")
_GRADE: Final = re.compile(r"[0-5]")


def _listed(value: object) -> object:
    """Returns a name by itself as a list of one."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def each_grade(value: tuple[str, ...]) -> tuple[str, ...]:
    """Returns grades as they are asked, `any` or `>=3`; rejects anything else."""
    for grade in each_once(value):
        if grade != ANY and not _AT_LEAST.fullmatch(grade):
            complain(say("study.adverse_events.grade", found=grade))
    return value


Grades = Annotated[tuple[str, ...], Field(min_length=1)]


class EventTerm(TomlTable):
    """One adverse event, or several that are counted together."""

    label: Label = ""
    from_: Annotated[Names, BeforeValidator(_listed)] = Field(alias="from")
    """Variables of a patient's worst grade, or yes or no; a patient who has any of them has the term."""
    grades: Grades | None = None
    """At which it is counted; none: at all that an analysis asks."""

    @field_validator("from_")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @field_validator("grades")
    @classmethod
    def _known(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if value is None else each_grade(value)


class AdverseEvents(TomlTable):
    """The terms, by name."""

    grading: Text
    """`CTCAE 5.0`"""
    safety_population: Name
    """Patients with a value of this variable were exposed."""
    terms: dict[Name, EventTerm] = Field(min_length=1)

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that a term names, once, in the order of the terms' names: that of the file is not part of a
        study's hash, and parties that read it from its JSON do not know it."""
        return tuple(dict.fromkeys(name for term in sorted(self.terms) for name in self.terms[term].from_))

    def complaints(self, draft: Draft) -> Iterator[Complaint]:
        """Yields what is wrong between the table and the variables."""
        types = ("date", "number", "category", "boolean")
        yield from draft.read(("adverse_events", "safety_population"), self.safety_population, *types)
        for again in repeated(of for term in self.terms.values() for of in term.from_):
            yield Complaint(("adverse_events", "terms"), say("study.adverse_events.twice", name=again))
        for name, term in self.terms.items():
            for position, of in enumerate(term.from_):
                at = ("adverse_events", "terms", name, "from", position)
                yield from draft.read(at, of, "category", "boolean")
                variable = draft.variables.get(of)
                levels = variable.kind.levels if variable is not None and variable.type == "category" else ()
                if variable is not None and variable.type == "boolean" and ANY not in (term.grades or (ANY,)):
                    yield Complaint(at, say("study.adverse_events.yes_or_no", name=of))
                if wrong := tuple(level for level in levels if not _GRADE.fullmatch(level)):
                    yield Complaint(at, say("study.adverse_events.levels", name=of, levels=wrong))


def codes_at(levels: tuple[str, ...], grade: str) -> tuple[int, ...]:
    """Returns the codes of the levels of a variable that count at a grade: of a boolean `true`, and at `any` only."""
    if levels == ("false", "true"):
        return (1,) if grade == ANY else ()
    least = 1 if grade == ANY else int(grade.removeprefix(">="))
    return tuple(code for code, level in enumerate(levels) if int(level) >= least)
