"""Patients of a cohort in an OMOP CDM, where it is: each column by the concepts that the site file names, which are
looked up in the vocabulary of the same database first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.omop_columns import OmopColumn
from riskset_site.data.sources.cells import marked_text
from riskset_site.data.sources.csv import not_a_table
from riskset_site.data.sources.database import Connection, connected
from riskset_site.data.sources.kept_columns import KeptColumns
from riskset_site.data.sources.omop_events import Event, EventTexts
from riskset_site.data.sources.table import SourceTable

PERSON, START, END = "person_id", "cohort_start_date", "cohort_end_date"
"""Columns that every cohort has."""

_DAY = {
    "condition_occurrence": ("condition_start_date", "condition_concept_id", "Condition"),
    "drug_exposure": ("drug_exposure_start_date", "drug_concept_id", "Drug"),
    "procedure_occurrence": ("procedure_date", "procedure_concept_id", "Procedure"),
    "measurement": ("measurement_date", "measurement_concept_id", "Measurement"),
    "observation": ("observation_date", "observation_concept_id", "Observation"),
    "device_exposure": ("device_exposure_start_date", "device_concept_id", "Device"),
}
"""Of each table of events: the columns of its day and concept, and the domain of its concepts."""


@dataclass(frozen=True)
class Cdm:
    """A cohort in an OMOP CDM."""

    address: str
    schema: str
    """Before the names of tables; empty where there is none."""
    cohort: int
    columns: Mapping[str, OmopColumn]

    def table(self, name: str) -> str:
        return f"{self.schema}.{name}" if self.schema else name

    @property
    def members(self) -> str:
        """A query of the ids of the patients."""
        return f"select subject_id from {self.table('cohort')} where cohort_definition_id = {self.cohort}"


def read_omop(
    path: Path, cdm: Cdm, expected: Collection[str], optional: Collection[str] = (), *, every: bool = False
) -> SourceTable:
    """Returns a row for every entry of the cohort, with the columns of `expected` and `optional`; with `every`, all.

    Raises DataError, with problems, where a concept is unknown, invalid or not a standard one of its table's domain, or
    where the database cannot be read.
    """
    kept = KeptColumns(path, [PERSON, START, END, *cdm.columns], expected, optional, every)
    wanted = {name: cdm.columns[name] for name in kept.positions if name in cdm.columns}
    with connected(path, cdm.address) as connection:
        if cdm.columns:
            kept.warnings.append(_checked_concepts(path, connection, cdm, cdm.columns))
        entries = [
            (person, _day(start), end and _day(end))
            for person, start, end in connection.fetch(
                f"select subject_id, cohort_start_date, cohort_end_date from {cdm.table('cohort')} "
                f"where cohort_definition_id = {cdm.cohort} order by subject_id, cohort_start_date"
            )
        ]
        for name, position in ((PERSON, 0), (START, 1), (END, 2)):
            if name in kept.positions:
                kept.add(name, [marked_text(entry[position]) for entry in entries])
        problems: list[Problem] = []
        for name, column in wanted.items():
            texts, doubts = _texts(connection, cdm, name, column, entries)
            kept.add(name, texts)
            problems += doubts
    return kept.table(len(entries), problems)


def _texts(
    connection: Connection, cdm: Cdm, name: str, column: OmopColumn, entries: list[tuple[int, date, date]]
) -> tuple[list[str], list[Problem]]:
    """Returns the text of every entry, and the problems of those that are in doubt."""
    if not column.is_event:
        of_person = _attribute(connection, cdm, column)
        return [marked_text(of_person.get(person)) for person, _, _ in entries], []
    events, meaning = _events(connection, cdm, column)
    texts = EventTexts(name, column, meaning)
    found = [texts.text(row, events.get(person, ()), start) for row, (person, start, _) in enumerate(entries, 2)]
    return found, texts.problems()


def _events(connection: Connection, cdm: Cdm, column: OmopColumn) -> tuple[dict[int, list[Event]], dict[int, str]]:
    """Returns the events by patient, and the text of each concept."""
    meaning = dict(column.concepts or {})
    if column.descendants:
        for ancestor, concept in connection.fetch(
            f"select ancestor_concept_id, descendant_concept_id from {cdm.table('concept_ancestor')} "
            f"where ancestor_concept_id in ({_listed(meaning)}) order by ancestor_concept_id, descendant_concept_id"
        ):
            meaning.setdefault(concept, meaning[ancestor])
    day, concept_id, _ = _DAY[column.of]
    number = ", value_as_number, unit_concept_id" if column.gives == "value" else ""
    if number and column.of == "measurement":
        number += ", operator_concept_id"  # of observations there is none
    found: dict[int, list[Event]] = defaultdict(list)
    for start in range(0, len(meaning), 500):  # a list of a thousand is too long for some databases
        some = _listed(list(meaning)[start : start + 500])
        for person, when, *rest in connection.fetch(
            f"select person_id, {day}, {concept_id}{number} from {cdm.table(column.of)} "
            f"where person_id in ({cdm.members}) and {concept_id} in ({some})"
        ):
            found[person].append(Event(_day(when), *rest))
    return found, meaning


def _attribute(connection: Connection, cdm: Cdm, column: OmopColumn) -> dict[int, Any]:
    of_cohort = f"where person_id in ({cdm.members})"
    if column.of == "sex":
        rows = connection.fetch(f"select person_id, gender_concept_id from {cdm.table('person')} {of_cohort}")
        texts = column.concepts or {8507: "male", 8532: "female"}
        return {person: texts.get(concept) for person, concept in rows}
    if column.of == "birth":
        rows = connection.fetch(
            f"select person_id, year_of_birth, month_of_birth, day_of_birth from {cdm.table('person')} {of_cohort}"
        )
        return {person: _born(*parts) for person, *parts in rows}
    if column.of == "death":
        query = f"select person_id, death_date from {cdm.table('death')} {of_cohort}"
    else:
        which = "min(observation_period_start_date)"
        if column.of == "observation_end":
            which = "max(observation_period_end_date)"
        query = f"select person_id, {which} from {cdm.table('observation_period')} {of_cohort} group by person_id"
    return {person: day and _day(day) for person, day in connection.fetch(query)}


def _born(year: int, month: int | None, day: int | None) -> str:
    """Returns the day of birth, or what is known of it: 1950-03 or 1950, for which `dates` says what it means."""
    parts = [f"{year:04}", *(f"{part:02}" for part in ([month, day] if month and day else [month] if month else []))]
    return "-".join(parts)


def _checked_concepts(path: Path, connection: Connection, cdm: Cdm, columns: Mapping[str, OmopColumn]) -> Problem:
    """Returns the names of all concepts, for a person to read. Raises DataError where one is not what it should be."""
    needed = {name: {*(column.concepts or ()), *filter(None, [column.unit])} for name, column in columns.items()}
    every = set().union(*needed.values())
    known = {}
    if every:
        for concept, *rest in connection.fetch(
            "select concept_id, concept_name, domain_id, standard_concept, invalid_reason "
            f"from {cdm.table('concept')} where concept_id in ({_listed(every)})"
        ):
            known[concept] = rest
    problems = [
        problem for name, concepts in needed.items() for problem in _of_concepts(name, columns[name], concepts, known)
    ]
    if problems:
        raise not_a_table(path, problems)
    named = [say("data.omop.named", concept=one, name=known[one][0]) for one in sorted(every)]
    where = say("data.where.export", file=path.name)
    return Problem(where, say("data.omop.concepts", names=tuple(named)), say("data.omop.read_names"))


def _of_concepts(
    name: str, column: OmopColumn, concepts: Iterable[int], known: Mapping[int, list[Any]]
) -> Iterator[Problem]:
    where, hint = say("data.where.column", column=name), say("data.omop.look_up")
    for concept in sorted(concepts):
        if concept not in known:
            yield Problem(where, say("data.omop.unknown", concept=concept), hint)
            continue
        concept_name, domain, standard, invalid = known[concept]
        expected = "Unit" if concept == column.unit else _DAY[column.of][2] if column.is_event else "Gender"
        if invalid:
            yield Problem(where, say("data.omop.invalid", concept=concept, name=concept_name), hint)
        elif standard != "S":
            yield Problem(where, say("data.omop.not_standard", concept=concept, name=concept_name), hint)
        elif domain != expected:
            message = say("data.omop.domain", concept=concept, name=concept_name, found=domain, expected=expected)
            yield Problem(where, message, hint)


def _listed(concepts: Iterable[int]) -> str:
    return ", ".join(str(int(concept)) for concept in sorted(concepts))


def _day(value: Any) -> date:  # noqa: ANN401
    """Returns a day; SQLite has texts."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
