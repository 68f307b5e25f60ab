"""A Cox model with limits of some coefficients by the profile likelihood: once fitted, it is evaluated again and again.

All points are of one likelihood, so R5 counts them together: where it allows no more, or a hospital refuses the next
point, the model ends with Wald limits for the coefficients that are left, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from riskset.analyses.analysis import RefusedByRule, Result
from riskset.analyses.design import Column
from riskset.analyses.methods.cox import CoxModel, State
from riskset.analyses.methods.cox_fit import CoxFit, Fitting, fitted, profiled
from riskset.catalogue import Message, say
from riskset.stats import likelihood_limits
from riskset.stats.likelihood_limits import LikelihoodLimit
from riskset.stats.profile_limit import at


@dataclass(frozen=True)
class Profiling:
    """A converged fit, and the search for limits: the lower and the upper one of a column, then of the next."""

    fit: Fitting
    columns: tuple[int, ...]
    """Those whose limits are asked."""
    search: LikelihoodLimit
    ended: tuple[LikelihoodLimit, ...] = ()

    @property
    def usable(self) -> tuple[Column, ...]:
        return self.fit.usable

    @property
    def beta(self) -> tuple[float, ...]:
        return self.search.beta

    @property
    def evaluations(self) -> int:
        all_ = dict.fromkeys((*self.ended, self.search))  # the last one that ended is the search still
        return self.fit.newton.evaluations + sum(one.evaluations for one in all_)


@dataclass(frozen=True, kw_only=True)
class ProfiledModel(CoxModel):
    """The analysis. Summary: as of a `CoxModel`."""

    profile: frozenset[str]
    """The variables whose coefficients have such limits."""

    def solved(self, state: Fitting) -> Profiling | CoxFit:
        columns = tuple(j for j in state.newton.estimable if state.usable[j].variable in self.profile)
        return _going(Profiling(state, columns, _search(state, columns[0], -1.0))) if columns else fitted(state)

    def combine(self, total: Sequence[float], state: Any) -> Any:  # noqa: ANN401 - as of every analysis
        if not isinstance(state, Profiling):
            return super().combine(total, state)
        p = len(state.usable)
        here = at(state.beta, total[0], total[1 : 1 + p], total[1 + p :])
        return _going(replace(state, search=likelihood_limits.advance(state.search, here)))

    def evaluations(self, state: State | Profiling) -> int:
        return state.evaluations if isinstance(state, Profiling) else super().evaluations(state)

    def out_of_evaluations(self, state: Any) -> Result:  # noqa: ANN401
        if isinstance(state, Profiling):
            return _ended(state, say("analyses.cox.limits.evaluations", n=state.evaluations))
        return super().out_of_evaluations(state)

    def refused(self, state: Any, refusal: RefusedByRule) -> Result:  # noqa: ANN401
        if isinstance(state, Profiling):
            return _ended(state, say("analyses.cox.limits.refused", rule=refusal.rule, reason=refusal.message))
        return super().refused(state, refusal)


def _search(fit: Fitting, column: int, direction: float) -> LikelihoodLimit:
    return likelihood_limits.start(fit.known[-1], column, fit.newton.estimable, direction)


def _going(state: Profiling) -> Profiling | CoxFit:
    return state if state.search.status == "searching" else _next(state)


def _next(state: Profiling) -> Profiling | CoxFit:
    """Returns the search for the upper limit of the column, or for the lower one of the next column; or the end."""
    ended, column = (*state.ended, state.search), state.search.column
    if state.search.direction < 0.0:
        return _going(replace(state, ended=ended, search=_search(state.fit, column, 1.0)))
    if column != state.columns[-1]:
        following = state.columns[state.columns.index(column) + 1]
        return _going(replace(state, ended=ended, search=_search(state.fit, following, -1.0)))
    return _ended(replace(state, ended=ended), say("analyses.cox.limits.none"))


def _ended(state: Profiling, why: Message) -> CoxFit:
    """Returns the fit with the limits that were found, both of a column or none; `why` there are not all."""
    found, scale = fitted(state.fit), state.fit.scale
    limits = {(one.column, one.direction): one for one in state.ended}
    terms, missing = dict(zip(state.fit.newton.estimable, found.terms, strict=True)), {}
    for j in state.columns:
        both = [limits.get((j, direction)) for direction in (-1.0, 1.0)]
        at_limits = [one.beta[j] / scale[j] for one in both if one is not None and one.status == "found"]
        if len(at_limits) == len(both):
            terms[j] = profiled(terms[j], *at_limits)
        else:
            is_tried = all(one is not None for one in both)
            missing[state.usable[j]] = say("analyses.cox.limits.none") if is_tried else why
    return replace(found, terms=tuple(terms.values()), not_profiled=missing, iterations=state.evaluations)


def with_profile(model: CoxModel, variables: Sequence[str]) -> ProfiledModel:
    """Returns the same model, with profile limits of the coefficients of these variables."""
    return model.become(ProfiledModel, profile=frozenset(variables))
