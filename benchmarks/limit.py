"""One evaluation of riskset beside a lower bound, the time that BLAS needs for it: `python -m benchmarks.limit FOLDER`
prints JSON.

The least: X'v and X v, the two passes over the rows, and one symmetric rank update (dsyrk), on the same array.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.patients import load
from riskset.stats.cox import evaluate, risk_sets

TIMES = 7


def cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main(folder: Path) -> None:
    patients = load(folder)
    rows = risk_sets(patients.X, patients.days, patients.event)
    X, beta, v = rows.X, np.full(rows.p, 0.01), np.ones(rows.n)
    works: dict[str, Callable[[], object]] = {
        "sort_s": lambda: risk_sets(patients.X, patients.days, patients.event),
        "evaluate_s": lambda: evaluate(rows, beta),
        "passes_s": lambda: (beta @ X, X @ v),
        "dsyrk_s": lambda: X @ X.T,
    }
    turns = [{name: cpu_s(work) for name, work in works.items()} for _ in range(TIMES)]
    print(json.dumps({name: median(turn[name] for turn in turns[1:]) for name in works}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
