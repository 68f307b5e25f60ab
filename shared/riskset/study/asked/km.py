"""`kind = "km"`: Kaplan-Meier curves for all patients and by arm, and the log-rank test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator

from riskset.catalogue import Message, say
from riskset.study.entry import EndpointEntry, Limits, Positive, arms_of, as_printed, ascending, grid_of
from riskset.study.propensity import ALL
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name, Since, complain, each_once

if TYPE_CHECKING:
    from riskset.study.spec import Study


RHOS: Final = (0.0, 0.5, 1.0)
"""A large power leaves only the first events of each hospital in a sum; behind them are the next of the largest one."""


class KaplanMeierEntry(EndpointEntry):
    """Curves on the grid, for all patients and by arm; with a comparison, the log-rank test."""

    takes_weights = True
    kind: Literal["km"]
    landmarks: tuple[Positive, ...] = ()
    """Times at which survival is reported, in `time.unit`, ascending."""
    limits: Limits = "log-log"
    rho: Annotated[float, Since("0.2.0"), Field(ge=0)] = 0.0
    """Log-rank tests are weighted by S(t-)^rho."""
    strata: Annotated[tuple[Name, ...], Since("0.2.0")] = ()
    """With each site, the strata of a further log-rank test."""

    @field_validator("rho")
    @classmethod
    def _known(cls, value: float) -> float:
        if value not in RHOS:
            complain(say("study.km.rho", values=as_printed(RHOS)))
        return value

    @field_validator("strata")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @field_validator("landmarks")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return ascending("landmarks", value)

    @property
    def covariates(self) -> tuple[str, ...]:
        return self.strata

    def without(self, covariate: str, *, alone: bool = True) -> Self | None:
        return self.model_copy(update={"strata": tuple(name for name in self.strata if name != covariate)})

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)
        yield from draft.within_grid((*path, "landmarks"), self.landmarks)
        yield from draft.covariates((*path, "strata"), self.strata, self.endpoints, ("boolean", "category"))
        yield from self._of_weighted(draft, path)
        if draft.comparison is None and (self.strata or self.rho):
            yield Complaint((*path, "strata" if self.strata else "rho"), say("study.km.no_arms"))
        elif draft.comparison is not None and draft.comparison.arm in self.strata:
            yield Complaint((*path, "strata"), say("study.km.stratum_is_arm", name=draft.comparison.arm))

    def _of_weighted(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        """Yields what is wrong with curves of a weighted population."""
        weighted = draft.weighted(self.populations)
        if weighted and ALL not in self.populations:
            yield Complaint((*path, "populations"), say("study.km.weighted_alone", name=weighted[0]))
        curves = [one for one in draft.analyses.values() if one is not None and one.kind == self.kind]
        first, *_ = [*(name for one in curves for name in draft.weighted(one.of_populations)), None]
        for name in weighted:
            if name != first:
                yield Complaint((*path, "populations"), say("study.km.one_weighted", first=first, name=name))
        if weighted and self.missing != "complete":
            yield Complaint((*path, "missing"), say("study.km.weighted_by_model", name=weighted[0]))
        late = [name for name in self.endpoints if getattr(draft.endpoints.get(name), "entry", None) is not None]
        if weighted and late:
            yield Complaint((*path, "endpoints"), say("study.km.weighted_entry", name=weighted[0], endpoint=late[0]))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        endpoints, arms = self.labels(study), arms_of(study)
        code = "curves_by_arm" if arms else "curves"
        yield say(f"study.km.{code}", endpoints=endpoints, **arms, **grid_of(study))
        if self.landmarks:
            yield say("study.km.landmarks", times=as_printed(self.landmarks), unit=study.time.unit_in_words)
        if arms:
            weighted = "weighted" if self.rho else "log_rank"
            yield say(f"study.km.{weighted}", endpoints=endpoints, rho=self.rho)
        for name in filter(study.is_weighted, self.populations):
            yield say("study.km.weighted_curves", name=name)
        if self.strata:
            yield say("study.km.strata", strata=tuple(map(study.label_of, self.strata)))

    def facts(self, study: Study) -> dict[str, Any]:
        later = ({"rho": self.rho} if self.rho else {}) | ({"strata": list(self.strata)} if self.strata else {})
        return {"landmarks": list(self.landmarks), "unit": study.time.unit, "limits": self.limits, **later}

    def lines(self, study: Study) -> list[Message | str]:
        if not self.landmarks:
            return super().lines(study)
        times = as_printed(self.landmarks)
        return [
            say("study.km.line", kind=self.kind, endpoints=self.endpoints, times=times, unit=study.time.unit_in_words)
        ]
