"""Rates of response and disease control, from one-way counts by arm; their comparison within hospitals is an analysis
of its own (`response_by_site`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from riskset.analyses.analysis import LEVEL, Analysis, NotEstimable, Result
from riskset.analyses.cohort import SetId
from riskset.analyses.counts_in_tables import CountedInTables, CountsInTables, tables_of
from riskset.analyses.methods.response_by_site import ResponseBySite
from riskset.analyses.proportions import Proportions, comparison_json, proportion_json, proportions_of
from riskset.analyses.rates import Asked
from riskset.catalogue import say
from riskset.disclosure.exposure import Column
from riskset.study.asked.response import ResponseEntry
from riskset.study.spec import Study

Json = dict[str, Any]


@dataclass(frozen=True)
class Rates(Result):
    """By rate."""

    rates: tuple[Proportions, ...]


@dataclass(frozen=True, kw_only=True)
class Response(CountedInTables):
    """The rates of one variable: one round. Summary: the counts by arm."""

    kind: ClassVar[str] = "response"

    asked: Asked

    def combine(self, total: Sequence[float], state: None) -> Result:
        having, patients = self.asked.by_arm(self.tables.split_total(total))
        if not patients.any():
            return NotEstimable("no patients", say("analyses.no_patients"))
        levels, reference = self.tables.arms.levels, self.tables.arms.reference
        return Rates(
            tuple(proportions_of(levels, reference, of_rate.tolist(), patients.tolist()) for of_rate in having)
        )

    def question_json(self) -> Json:
        return self.asked.question_json(self.tables) | self.arms_reason_json()

    def result_json(self, result: Rates) -> Json:
        return {
            "level": LEVEL,
            "rates": [_rate_json(name, one) for name, one in zip(self.asked.rates, result.rates, strict=True)],
        }


def _rate_json(name: str, found: Proportions) -> Json:
    compared = [comparison_json(one) for one in found.comparisons]
    only = compared[0] if len(compared) == 1 else {}
    return {
        "rate": name,
        "overall": proportion_json(found.overall),
        "arms": [proportion_json(arm) for arm in found.arms],
        **{key: only.get(key) for key in ("difference", "odds_ratio", "risk_ratio", "fisher")},
        "comparisons": compared,
    }


def planned(study: Study, name: str, entry: ResponseEntry) -> Iterator[Analysis]:
    """Yields the rates of each variable of an entry of the study file and, with arms, their comparison within sites."""
    arms = (study.comparison.arm,) if study.comparison else ()
    for population, variable in product(entry.populations, entry.of):
        complete_in = (*arms, *(entry.of if entry.missing == "complete" else (variable,)), *entry.complete_in)
        set_id = SetId(None, population, tuple(dict.fromkeys(complete_in)))
        asked, tables = _asked(entry, variable), _tables(study, entry, variable)
        id_ = f"response/{population}" if len(entry.of) == 1 else f"response/{population}/{variable}"
        yield Response(id=id_, name=name, set_id=set_id, asked=asked, tables=tables)
        if arms:
            yield ResponseBySite(id=f"{id_}/by-site", name=name, set_id=set_id, asked=asked, tables=tables)


def _asked(entry: ResponseEntry, variable: str) -> Asked:
    no_response = entry.not_evaluable.levels if entry.not_evaluable and not entry.left_out else ()
    return Asked(variable, tuple(entry.rates), no_response, entry.left_out)


def _tables(study: Study, entry: ResponseEntry, variable: str) -> CountsInTables:
    levels = [_merged(study, variable, rate) for rate in entry.rates.values()]
    out = [_merged(study, variable, entry.left_out)] if entry.left_out else []
    return tables_of(study, [*levels, *out])


def _merged(study: Study, variable: str, levels: Sequence[str]) -> Column:
    """Returns the indicator of any of the levels, against all the others."""
    known = study.levels_of(variable)
    codes = tuple(sorted(known.index(level) for level in levels))
    name, others = " or ".join(levels), " or ".join(level for level in known if level not in levels)
    is_derived = study.variables[variable].is_derived
    return Column(variable, name, others, codes[0], merged=((variable, codes),), is_derived=is_derived)
