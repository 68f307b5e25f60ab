"""What every method consists of: a sum at each hospital, and a small calculation on the total.

An analysis is a state machine of pure functions. `local` turns one hospital's rows into a summary, summaries add,
`combine` turns the total into the next state or the result. The rehearsal, the engine, a site's preview and the
auditor's replay run the same functions. Every next state uses only Python floats and + - * / sqrt in a fixed order, so
all parties that add the same integers derive the same bits and the same next question. A Result that no other analysis
needs may use exp, log and arrays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import Cohort, SetId
from riskset.analyses.level_counts import EventsOf
from riskset.catalogue import NOTHING, Message, say
from riskset.disclosure.exposure import Column, Exposure, Label
from riskset.disclosure.finding import Finding

LEVEL: Final = 0.95
"""Of the confidence limits of every method."""
WITHHELD: Final = "withheld"
"""The code of an outcome that is not computed since its population is not what the study demands."""


@dataclass(frozen=True)
class Result:
    """Base of what an analysis ends with; returning one ends the analysis."""

    @property
    def passes(self) -> bool | None:
        """Returns whether its population is what the study demands; None where it demands nothing of this result."""
        return None

    @property
    def withholds(self) -> Message | None:
        """Returns why the outcomes of a population are not computed of which this result is a gate; None where they
        are."""
        return None


@dataclass(frozen=True)
class NotEstimable(Result):
    """A permitted end without an estimate: the question is valid, but these data do not answer it."""

    code: str
    message: Message | str
    """Why; text where another package's method, which has no catalogue, says it."""

    def reason_json(self) -> dict[str, Any]:
        """Returns the `reason` of the result in results.json."""
        return {"code": self.code, "message": self.message}

    def counts_json(self) -> dict[str, Any]:
        """Returns further keys of the result in results.json: what is known of its patients."""
        return {}

    def in_units(self, units_of: Callable[[str], float | None]) -> NotEstimable:
        """Returns the end as a report words it, in which ratios of a number are for `units_of` it; None for one."""
        return self


@dataclass(frozen=True)
class RefusedByRule(Result):
    """The refusal by a disclosure rule. It holds no figure of a single site."""

    rule: str
    """R1 to R14."""
    message: Message
    remedy: Message = NOTHING
    """What would pass."""
    by: Literal["all", "a site"] = "all"
    """`all`: judged by every party on pooled figures. `a site`: by one on its own rows; it is not shown which."""
    limit_name: str = ""
    """In full, where all parties judged it."""

    def reason_json(self) -> dict[str, Any]:
        """Returns the `reason` of the result in results.json."""
        return {"rule": self.rule, "message": self.message, "remedy": self.remedy, "by": self.by}

    @classmethod
    def of(cls, finding: Finding) -> RefusedByRule:
        """Returns the refusal that follows from a finding on pooled figures."""
        return cls(finding.rule, finding.message, finding.remedy, limit_name=finding.limit_name)


def has_result(result: Result | None) -> bool:
    """Whether an analysis ended with a result that others can use."""
    return result is not None and not isinstance(result, NotEstimable | RefusedByRule)


def reason_of(end: Result) -> dict[str, Any]:
    """Returns the `reason` in results.json of an analysis without a result; TypeError for one that has a result."""
    if not isinstance(end, NotEstimable | RefusedByRule):
        raise TypeError(f"an analysis ended with {type(end).__name__}, which is a result")
    return end.reason_json()


Inputs = Mapping[str, Any]
"""By id, the results of the analyses that an analysis `needs`."""


@dataclass(frozen=True, kw_only=True)
class Analysis(ABC):
    """The pair (`local`, `combine`) and what belongs to it. Each analysis has its own types of state and prepared rows.

    A class that leaves a question of the rules unanswered stays abstract and cannot be instantiated.
    """

    id: str
    name: str
    """Name of its entry in the study file."""
    set_id: SetId
    """The patients it analyses."""
    arms_refusal: RefusedByRule | None = None
    """Why it is not by arm, where the study asks for that."""
    part_of: str | None = None
    """The id of the analysis of its entry with whose result its own is printed; None where it has its own place."""

    kind: ClassVar[str]
    counts_all_events: ClassVar[bool] = True
    """Whether `events_by_level` has the events of all follow-up, and not of a part of it."""

    @property
    @abstractmethod
    def exposure(self) -> Exposure:
        """What its sums disclose: all that the disclosure rules ask about it."""

    @property
    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """Ids of the analyses whose results this one needs before it begins."""

    @property
    @abstractmethod
    def reveals(self) -> Message | str:
        """One sentence for a committee: what its totals tell anyone who sees them."""

    @abstractmethod
    def start(self, inputs: Inputs) -> Any:
        """Returns the first state, or a Result where there is nothing to compute."""

    @abstractmethod
    def labels(self, state: Any) -> tuple[Label, ...]:
        """Returns what each number of this state's summary is, (size,); the same at every party."""

    @abstractmethod
    def prepare(self, cohort: Cohort, inputs: Inputs) -> Any:
        """Returns what every round needs from the rows (sorted, scaled), computed once per run. Never leaves."""

    @abstractmethod
    def local(self, prepared: Any, state: Any) -> NDArray[np.float64]:
        """Returns the hospital's summary, (size,)."""

    @abstractmethod
    def combine(self, total: Sequence[float], state: Any) -> Any:
        """Returns the next state, or a Result, from the sum of all hospitals' summaries."""

    @abstractmethod
    def linear_predictor(self, prepared: Any, state: Any) -> NDArray[np.float64]:
        """Returns x'beta of the hospital's rows at the requested point, minus their mean, (n,); empty where no model is
        evaluated. Never leaves; R7 judges it."""

    def largest_share(self, prepared: Any, state: Any, *, of_own: bool) -> float | None:
        """Returns the largest share that one of the hospital's patients (or, where `exposure.squares` says so, the
        hospital) has in a sum of squares that leaves: of what all hospitals' sum is expected to be, from what is known
        already, or `of_own`, of this hospital's own. None where nothing is known. Never leaves; R8 judges it."""
        return None

    def halved(self, state: Any) -> Sequence[int]:
        """Returns, for each interval of a number of which the next round counts a half, how many patients of the arm
        are in it; R4 judges them. Empty where nothing is halved."""
        return ()

    def halved_here(self, prepared: Any, state: Any) -> Sequence[int]:
        """Returns the same of the hospital's own patients. Never leaves."""
        return ()

    def in_blocks(self, state: Any) -> Sequence[int]:
        """Returns, for each block of steps of which the next round adds up the weights, how many patients are in it;
        R9 judges them. Empty where nothing is added up in blocks."""
        return ()

    @abstractmethod
    def refused(self, state: Any, refusal: RefusedByRule) -> Result:
        """Returns the end of an analysis that a hospital refuses to continue."""

    def without_arms(self, refusal: RefusedByRule) -> Self | None:
        """Returns what can still be asked where admission refused the analysis: the same of all patients together, or
        of fewer levels, which keeps the refusal for its result and is judged in an admission of its own. None where
        nothing less can be asked."""
        return None

    @property
    def part_refusal(self) -> RefusedByRule | None:
        """Returns why a part of what the study asks is not in the result: what is by arm, unless a method says more."""
        return self.arms_refusal

    @property
    def less_than_asked(self) -> str:
        """The code of what a result lacks that has a `part_refusal`: the sentence about it in a verdict."""
        return "no_arms"

    def arms_reason_json(self) -> dict[str, Any]:
        """Returns the key of results.json that says why there is nothing by arm; none where nothing is missing."""
        return {} if self.arms_refusal is None else {"arms_reason": self.arms_refusal.reason_json()}

    @abstractmethod
    def out_of_evaluations(self, state: Any) -> Result:
        """Returns the end of an analysis that has used all evaluations that rule R5 permits."""

    @abstractmethod
    def question_json(self) -> dict[str, Any]:
        """Returns the keys of results.json that describe the question, with or without a result."""

    @abstractmethod
    def result_json(self, result: Any) -> dict[str, Any]:
        """Returns the keys of results.json for an estimated result; a missing number is None."""

    def tells(self, state: Any) -> tuple[Label, ...]:
        """Returns what a hospital that signed for it tells of its own rows in this state, in clear; nothing where
        nothing is asked."""
        return ()

    @property
    def numbers_told(self) -> int:
        """Returns how many numbers of its own rows a hospital that signed for it tells at most, in clear."""
        return 0

    def alone(self, prepared: Any, state: Any) -> tuple[float, ...] | None:
        """Returns these numbers of the hospital; None where its rows give no estimate."""
        return None

    def heard(self, state: Any, told: Mapping[str, tuple[float, ...] | None]) -> Any:
        """Returns the state with what the hospitals told, by name: the numbers, or None; nothing of a hospital without
        patients. It is followed by `combine`. ValueError where no patients can have such numbers."""
        return state

    def parts_json(self, result: Result, parts: Sequence[tuple[Analysis, Result]]) -> dict[str, Any]:
        """Returns the keys of results.json that hold the results of its parts, in the study's order."""
        return {}

    def completed(self, result: Any, parts: Sequence[tuple[Analysis, Result]]) -> Any:
        """Returns the estimated result with those of the analyses that are `part_of` it."""
        return result

    @property
    def counted_levels(self) -> tuple[Column, ...]:
        """Returns the columns of its variables, if its result says how many patients have each level; else none."""
        return ()

    def n_events(self, result: Result) -> int | None:
        """Returns how many patients of its set have the event, if the result of a model says it."""
        return None

    @property
    def curved(self) -> frozenset[str]:
        """Returns the numbers of which no single ratio tells the effect, because it is a curve."""
        return frozenset()

    def events_by_level(self, result: Any) -> EventsOf:
        """Returns of which levels its result says how many patients of its set have them, and how many the event."""
        return {}

    def following(self, renamed: Mapping[str, str]) -> Self:
        """Returns the same question where analyses of its entry have got other ids."""
        whole = self.part_of
        return self if whole is None else replace(self, part_of=renamed.get(whole, whole))

    @property
    def judged_last(self) -> bool:
        """Whether the rules judge it after the other analyses of its entry, so that these do not fail because of it."""
        return False

    @property
    def is_worth_a_model(self) -> bool:
        """Whether a model that is judged after it may be refused because of it. What is not is judged after all
        models."""
        return not self.exposure.is_one_way

    @property
    def endpoint(self) -> str | None:
        return self.set_id.endpoint

    @property
    def population(self) -> str:
        return self.set_id.population

    @property
    def analysis_set(self) -> str:
        """Returns the key of its patients in a cohort."""
        return self.set_id.name

    @property
    def rows_name(self) -> str:
        """Returns the name of its rows: its set, or those of the set who have the level that it is within."""
        within = self.exposure.within
        return self.analysis_set if within is None else f"{self.analysis_set} with {within.name}"

    @property
    def reports(self) -> tuple[str, ...]:
        """Returns those of `needs` whose ends it reports, with or without a result."""
        return ()

    @property
    def is_part(self) -> bool:
        """Whether another analysis reports its result."""
        return False

    @property
    def columns(self) -> tuple[Column, ...]:
        """Returns every column that its exposure names, and the terms of those that a formula computes."""
        return self.exposure.judged

    def most_numbers(self, sites: int) -> int | None:
        """Returns the most numbers that one summary of it can have in a run of so many hospitals, whatever the data
        are; None where the method does not say it before a run."""
        return None

    def size(self, state: Any) -> int:
        """Returns how many numbers the summary of this state has."""
        return len(self.labels(state))

    def renamed(self, id_: str) -> Self:
        """Returns the same question under another id."""
        return replace(self, id=id_)


class AskedOnce(Analysis):
    """An analysis with a single round: no point of evaluation follows from a total."""

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    def start(self, inputs: Inputs) -> Any:
        return None

    def most_numbers(self, sites: int) -> int | None:
        """Returns the size of its summary: its labels do not depend on a state, unless a method says otherwise."""
        return len(self.labels(None))

    def local(self, prepared: Any, state: Any) -> NDArray[np.float64]:
        """Returns the prepared rows: they are the summary, unless a method says otherwise."""
        return np.asarray(prepared)

    def linear_predictor(self, prepared: Any, state: Any) -> NDArray[np.float64]:
        return np.zeros(0)

    def refused(self, state: Any, refusal: RefusedByRule) -> Result:
        return refusal

    def out_of_evaluations(self, state: Any) -> Result:
        return NotEstimable("not converged", say("analyses.asked_twice"))
