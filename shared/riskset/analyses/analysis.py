"""What every method is: a hospital's sum, and a small calculation on the total.

An analysis is a state machine of pure functions. `local` turns one hospital's rows into a summary, summaries add,
`combine` turns the total into the next state or the result. The rehearsal, the engine, a site's preview and the
auditor's replay run the same functions. Every next state comes from Python floats and + - * / sqrt in a fixed order
only, so that all parties that add the same integers derive the same bits and ask the same next question. A Result that
nothing needs may use exp, log and arrays: it is read, not built on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import Cohort
from riskset.disclosure.finding import Finding


@dataclass(frozen=True)
class Result:
    """Base of what an analysis ends with; an instance of it ends the analysis."""


@dataclass(frozen=True)
class NotEstimable(Result):
    """A lawful end without an estimate: the question is well put, these data do not answer it."""

    code: str
    message: str

    def reason_json(self) -> dict[str, Any]:
        """Returns the `reason` of the result in results.json."""
        return {"code": self.code, "message": self.message}


@dataclass(frozen=True)
class RefusedByRule(Result):
    """A lawful no of a disclosure rule. It travels without a value."""

    rule: str
    """R1 to R14."""
    message: str
    remedy: str = ""
    """What would pass."""
    by: Literal["all", "a site"] = "all"
    """`all` found it on pooled figures; or one judged it on its own rows, and nobody learns which."""

    @classmethod
    def of(cls, finding: Finding) -> RefusedByRule:
        """Returns the refusal that follows from what all parties found."""
        return cls(finding.rule, finding.message, finding.remedy)


Inputs = Mapping[str, Any]
"""Results of the analyses an analysis `needs`, by their ids."""


class Analysis(Protocol):
    """The pair (`local`, `combine`) and what belongs to it. State and Prepared are each analysis' own types."""

    @property
    def id(self) -> str: ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the analyses whose results must be there before this one begins."""

    @property
    def reveals(self) -> str:
        """One sentence for a committee: what its summary tells to whoever sees it."""

    def start(self, inputs: Inputs) -> Any:
        """Returns the first state, or at once a Result."""

    def size(self, state: Any) -> int:
        """Returns how many numbers the summary of this state has; the same at every party."""

    def labels(self, state: Any) -> tuple[str, ...]:
        """Returns what each number of the summary is, (size,), as a hospital reads it in its ledger."""

    def evaluations(self, state: Any) -> int:
        """Returns how many totals the state already rests on."""

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Any:
        """Returns what every round needs of the rows (sorted, scaled), made once a run. Never leaves."""

    def local(self, prepared: Any, state: Any) -> NDArray[np.float64]:
        """Returns the hospital's summary, (size,)."""

    def combine(self, total: Sequence[float], state: Any) -> Any:
        """Returns the next state, or a Result, from the sum of all hospitals' summaries."""
