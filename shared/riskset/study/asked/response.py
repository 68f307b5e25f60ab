"""`kind = "response"`: rates of response and of disease control by arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from riskset.catalogue import Message, say
from riskset.errors import did_you_mean
from riskset.study.entry import AnalysisEntry, arms_of
from riskset.study.propensity import ALL
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name, Names, Text, TomlTable, complain, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study

Levels = Annotated[tuple[Text, ...], Field(min_length=1)]


class NotEvaluable(TomlTable):
    """Levels that are no assessment."""

    levels: Levels
    as_: Literal["no response", "left out"] = Field(alias="as")


class ResponseEntry(AnalysisEntry):
    """Proportions of patients with some levels of each variable, for all patients and by arm; with a comparison, pooled
    and within sites. The patients are those with a value of every variable; with `missing = "by_model"`, of each."""

    inner: ClassVar[Mapping[str, type[TomlTable]]] = {"not_evaluable": NotEvaluable}
    kind: Literal["response"]
    of: Names
    orr: Levels | None = None
    """Levels of an objective response."""
    dcr: Levels | None = None
    """Levels of disease control."""
    not_evaluable: NotEvaluable | None = None
    complete_in: tuple[Name, ...] = ()
    """Further variables of which the patients have a value, such as the covariates of models of the same patients."""
    populations: Names = (ALL,)
    """`all`, and populations of `[propensity]` that are matched one to one."""

    @field_validator("of", "orr", "dcr", "populations")
    @classmethod
    def _distinct(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if value is None else each_once(value)

    @model_validator(mode="after")
    def _some_rate(self) -> ResponseEntry:
        if not self.rates:
            complain(say("study.response.no_rate"))
        if self.orr and self.dcr and (lacking := tuple(level for level in self.orr if level not in self.dcr)):
            complain(say("study.response.not_in_dcr", levels=lacking))
        for rate, levels in self.rates.items():
            for level in levels:
                if self.not_evaluable and level in self.not_evaluable.levels:
                    complain(say("study.response.both", level=level, rate=rate))
        return self

    @property
    def of_populations(self) -> tuple[str, ...]:
        return self.populations

    @property
    def rates(self) -> dict[str, tuple[str, ...]]:
        """By name of a rate: the levels that count."""
        return {name: levels for name in ("orr", "dcr") if (levels := getattr(self, name))}

    @property
    def left_out(self) -> tuple[str, ...]:
        """Levels whose patients are in no rate."""
        found = self.not_evaluable
        return found.levels if found and found.as_ == "left out" else ()

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.complete_in((*path, "complete_in"), self.complete_in)
        for position, name in enumerate(self.of):
            at = (*path, "of", position)
            yield from draft.read(at, name, "category", "boolean")
            if draft.comparison is not None and name == draft.comparison.arm:
                yield Complaint(at, say("study.response.arm", name=name))
            variable = draft.variables.get(name)
            if variable is None or not variable.kind.levels:
                continue
            known = variable.kind.levels
            named = {**self.rates, "not_evaluable": self.not_evaluable.levels if self.not_evaluable else ()}
            for key, levels in named.items():
                for level in levels:
                    if level not in known:
                        unknown = say("study.variable.unknown_level", found=level, name=name, levels=known)
                        yield Complaint((*path, key), unknown, did_you_mean(level, known))
            for rate, levels in self.rates.items():
                if set(known) - {*self.left_out} <= {*levels}:
                    yield Complaint((*path, rate), say("study.response.every", rate=rate))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        arms = arms_of(study)
        code = "rates_by_arm" if arms else "rates"
        of = tuple(
            say("study.response.one_of", rate=name.upper(), levels=levels) for name, levels in self.rates.items()
        )
        yield say(f"study.response.{code}", of=of, variables=tuple(map(study.label_of, self.of)), **arms)
        if arms:
            yield say("study.response.by_site")
        if self.not_evaluable:
            code = self.not_evaluable.as_.replace(" ", "_")
            yield say(f"study.response.{code}", levels=self.not_evaluable.levels)

    def facts(self, study: Study) -> dict[str, Any]:
        return {"of": list(self.of), **{rate: list(levels) for rate, levels in self.rates.items()}}

    def lines(self, study: Study) -> list[Message | str]:
        return [say("study.response.line", kind=self.kind, variables=self.of, rates=tuple(self.rates))]
