"""One program's fits in this process: `python -m benchmarks.one_fit PROGRAM FOLDER` prints their measures as JSON.

What a program wants as its input (a data frame, a structured array) is made before the clock starts, and a small fit
goes before, so that imports and first calls are not timed. Every program fits Efron's likelihood to its own tolerance.
Twice, unless that takes too long: the first fit also pays for memory that this machine has not touched before, on a
virtual machine up to a second a gigabyte and by chance; the second finds it warm.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.patients import Patients, load

WARM_UP_ROWS = 2000
TWICE_IF_UNDER_S = 45.0


@dataclass(frozen=True)
class Fitted:
    """`se` only for riskset: differences are in units of it. `evaluations` if the program reports them."""

    coef: Sequence[float]
    se: Sequence[float] | None = None
    evaluations: int | None = None


Fit = Callable[[], Fitted]


def riskset(patients: Patients) -> Fit:
    from riskset.stats import cox, newton

    def fit() -> Fitted:
        state = cox.fit([cox.risk_sets(patients.X, patients.days, patients.event)])
        variances = np.diag(np.array(newton.covariance(state), dtype=float))
        return Fitted(state.beta, np.sqrt(variances).tolist(), state.evaluations)

    return fit


def lifelines(patients: Patients) -> Fit:
    import pandas as pd
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(patients.X).assign(days=patients.days, event=patients.event)
    return lambda: Fitted(CoxPHFitter().fit(frame, "days", "event").params_.tolist())


def scikit_survival(patients: Patients) -> Fit:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    y = Surv.from_arrays(patients.event, patients.days)
    return lambda: Fitted(CoxPHSurvivalAnalysis(ties="efron").fit(patients.X, y).coef_.tolist())


def rust_survival(patients: Patients) -> Fit:
    from survival.regression import coxph_fit_raw

    days, event = patients.days.astype(float), patients.event.astype(np.int32)

    def fit() -> Fitted:
        fitted = coxph_fit_raw(days, event, patients.X, method="efron", resid=False)
        return Fitted(fitted.coefficients, evaluations=fitted.iter + 1)

    return fit


def coxstream(patients: Patients) -> Fit:
    from coxstream import CoxStream

    days, event = patients.days.astype(float), patients.event.astype(np.int32)

    def fit() -> Fitted:
        fitted = CoxStream().fit(days, event, patients.X)
        return Fitted(fitted.coef_.tolist(), evaluations=fitted.n_passes_)

    return fit


PROGRAMS = {
    "riskset": riskset,
    "survival (Rust)": rust_survival,
    "coxstream": coxstream,
    "scikit-survival": scikit_survival,
    "lifelines": lifelines,
}


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(fit: Fit) -> dict[str, object]:
    cpu_before, began = cpu_s(), time.perf_counter()
    fitted = fit()
    return {"wall_s": time.perf_counter() - began, "cpu_s": cpu_s() - cpu_before, **asdict(fitted)}


def main(name: str, folder: Path) -> None:
    program, patients = PROGRAMS[name], load(folder)
    program(patients.first(WARM_UP_ROWS))()
    fit = program(patients)
    measures = [measure(fit)]
    if measures[0]["wall_s"] < TWICE_IF_UNDER_S:
        measures.append(measure(fit))
    print(json.dumps(measures))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], Path(sys.argv[2]))
