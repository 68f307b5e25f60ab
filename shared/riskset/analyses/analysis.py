"""What every method is: a hospital's sum, and a small calculation on the total.

An analysis is a state machine of pure functions. `local` turns one hospital's rows into a summary, summaries add,
`combine` turns the total into the next state or the result. The rehearsal, the engine, a site's preview and the
auditor's replay run the same functions. Every next state comes from Python floats and + - * / sqrt in a fixed order
only, so that all parties that add the same integers derive the same bits and ask the same next question. A Result that
nothing needs may use exp, log and arrays: it is read, not built on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import Cohort, SetId
from riskset.catalogue import NOTHING, Message
from riskset.disclosure.exposure import Column, Exposure, Label
from riskset.disclosure.finding import Finding


@dataclass(frozen=True)
class Result:
    """Base of what an analysis ends with; an instance of it ends the analysis."""


@dataclass(frozen=True)
class NotEstimable(Result):
    """A permitted end without an estimate: the question is well put, these data do not answer it."""

    code: str
    message: Message | str

    def reason_json(self) -> dict[str, Any]:
        """Returns the `reason` of the result in results.json."""
        return {"code": self.code, "message": str(self.message)}


@dataclass(frozen=True)
class RefusedByRule(Result):
    """The refusal of a disclosure rule. It travels without a value."""

    rule: str
    """R1 to R14."""
    message: Message | str
    remedy: Message | str = NOTHING
    """What would pass."""
    by: Literal["all", "a site"] = "all"
    """`all` found it on pooled figures; or one judged it on its own rows, and nobody learns which."""

    @classmethod
    def of(cls, finding: Finding) -> RefusedByRule:
        """Returns the refusal that follows from what all parties found."""
        return cls(finding.rule, finding.message, finding.remedy)


def has_result(result: Result | None) -> bool:
    """Whether an analysis ended with something that others can build on."""
    return result is not None and not isinstance(result, NotEstimable | RefusedByRule)


Inputs = Mapping[str, Any]
"""Results of the analyses an analysis `needs`, by their ids."""


@dataclass(frozen=True, kw_only=True)
class Analysis(ABC):
    """The pair (`local`, `combine`) and what belongs to it. State and Prepared are each analysis' own types.

    An analysis that leaves a question of the rules unanswered is abstract, and cannot be made.
    """

    id: str
    name: str
    """Of its entry in the study file."""
    set_id: SetId
    """The patients it is of."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def exposure(self) -> Exposure:
        """What its sums open: all that the disclosure rules ask of it."""

    @property
    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """Ids of the analyses whose results must be there before this one begins."""

    @property
    @abstractmethod
    def reveals(self) -> str:
        """One sentence for a committee: what its summary tells to anyone who sees it."""

    @abstractmethod
    def start(self, inputs: Inputs) -> Any:
        """Returns the first state, or at once a Result."""

    @abstractmethod
    def labels(self, state: Any) -> tuple[Label, ...]:
        """Returns what each number of the summary of this state is, (size,); the same at every party."""

    @abstractmethod
    def prepare(self, cohort: Cohort, inputs: Inputs) -> Any:
        """Returns what every round needs of the rows (sorted, scaled), made once a run. Never leaves."""

    @abstractmethod
    def local(self, prepared: Any, state: Any) -> NDArray[np.float64]:
        """Returns the hospital's summary, (size,)."""

    @abstractmethod
    def combine(self, total: Sequence[float], state: Any) -> Any:
        """Returns the next state, or a Result, from the sum of all hospitals' summaries."""

    @abstractmethod
    def linear_predictor(self, prepared: Any, state: Any) -> NDArray[np.float64]:
        """Returns x'beta of the hospital's rows at the point asked for, less their mean, (n,); empty where no model is
        evaluated. Never leaves; R7 judges it."""

    @abstractmethod
    def refused(self, state: Any, refusal: RefusedByRule) -> Result:
        """Returns the end of an analysis that a hospital refuses to go on with."""

    @abstractmethod
    def out_of_evaluations(self, state: Any) -> Result:
        """Returns the end of an analysis that has used what rule R5 allows."""

    @abstractmethod
    def question_json(self) -> dict[str, Any]:
        """Returns the keys of results.json that say what was asked, whatever came of it."""

    @abstractmethod
    def result_json(self, result: Any) -> dict[str, Any]:
        """Returns the keys of results.json of a result that was estimated; a number that is missing is None."""

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
    def columns(self) -> tuple[Column, ...]:
        """Returns every column that its exposure names."""
        return self.exposure.columns

    def size(self, state: Any) -> int:
        """Returns how many numbers the summary of this state has."""
        return len(self.labels(state))

    def renamed(self, id_: str) -> Self:
        """Returns the same question under another id."""
        return replace(self, id=id_)


class AskedOnce(Analysis):
    """An analysis of one round: no point of evaluation follows from a total."""

    def start(self, inputs: Inputs) -> Any:
        return None

    def linear_predictor(self, prepared: Any, state: Any) -> NDArray[np.float64]:
        return np.zeros(0)

    def refused(self, state: Any, refusal: RefusedByRule) -> Result:
        return refusal

    def out_of_evaluations(self, state: Any) -> Result:
        return NotEstimable("not converged", "asked again after its one round")
