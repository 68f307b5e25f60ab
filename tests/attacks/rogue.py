"""Analyses of a class unknown to the rules, for tests of rules that look at what an analysis exposes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from riskset.analyses.analysis import AskedOnce, Result
from riskset.disclosure.exposure import Exposure, Label


@dataclass(frozen=True)
class Sums(Result):
    """The total, unchanged."""

    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Rogue(AskedOnce):
    """Declares `opens`, labels its numbers `sends`, and sends what `computes` returns for a hospital's rows."""

    kind: ClassVar[str] = "km"

    opens: Exposure
    sends: tuple[Label, ...]
    computes: Callable[[Any, Any], Any] = field(compare=False)
    """From the rows of its set and its inputs."""
    waits: tuple[str, ...] = ()
    rounds: int = 1

    @property
    def exposure(self):
        return self.opens

    @property
    def needs(self):
        return self.waits

    @property
    def reveals(self):
        return "whatever it likes"

    def start(self, inputs):
        return 0

    def labels(self, state):
        return self.sends

    def prepare(self, cohort, inputs):
        rows = cohort.analysis_sets[self.analysis_set]
        return rows, np.asarray(self.computes(rows, inputs), float)

    def local(self, prepared, state):
        return prepared[1]

    def combine(self, total, state):
        return Sums(tuple(total)) if state + 1 == self.rounds else state + 1

    def question_json(self):
        return {}

    def result_json(self, result):
        return {"values": list(result.values)}

    def linear_predictor(self, prepared, state):
        return np.zeros(prepared[0].n if self.opens.is_iterative else 0)


def exposure(design=(), tables=(), in_time=None, weights=False, is_iterative=False, per_site=False, **more):
    """Returns an exposure with the named parts and nothing else."""
    return Exposure(design, tables, in_time, weights, is_iterative, per_site, **more)
