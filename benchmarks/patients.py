"""Made-up patients for the timings: whole days over ten years, about half of them censored.

Written to a folder by a separate process, so that generating them does not count towards the memory of a measured
process.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TEN_YEARS = 3652
LINEAR_PREDICTOR_SD = 0.7
"""Hazard ratios of 1.2 to 2 for p = 10, as clinical covariates have them."""


@dataclass(frozen=True)
class Patients:
    """X (n, p) by rows, half of the columns 0/1; days (n,) whole, 1 to 3652; event (n,) boolean. In no order."""

    X: NDArray[np.float64]
    days: NDArray[np.int64]
    event: NDArray[np.bool_]

    def first(self, n: int) -> Patients:
        return Patients(self.X[:n], self.days[:n], self.event[:n])


def simulate(n: int, p: int) -> Patients:
    """Exponential survival, uniform entry to a study that ends after ten years."""
    rng = np.random.default_rng([n, p])
    X = rng.standard_normal((n, p))
    X[:, 1:] += 0.3 * X[:, :1]  # correlated, as covariates are
    X[:, ::2] = X[:, ::2] > 0
    beta = rng.standard_normal(p)
    eta = X @ beta
    eta = (eta - eta.mean()) * (LINEAR_PREDICTOR_SD / eta.std())
    died = rng.exponential(2400.0 * np.exp(-eta))
    left = rng.uniform(0.0, TEN_YEARS, n)
    return Patients(X, np.ceil(np.minimum(died, left)).astype(np.int64), died <= left)


def save(patients: Patients, folder: Path) -> None:
    """As numpy's files, and by columns for R."""
    for name in ("X", "days", "event"):
        np.save(folder / f"{name}.npy", getattr(patients, name))
    patients.X.T.tofile(folder / "X_columns.bin")
    patients.days.astype(np.int32).tofile(folder / "days.bin")
    patients.event.astype(np.int32).tofile(folder / "event.bin")
    (folder / "shape").write_text(" ".join(map(str, patients.X.shape)), encoding="utf-8")


def load(folder: Path) -> Patients:
    return Patients(*(np.load(folder / f"{name}.npy") for name in ("X", "days", "event")))


if __name__ == "__main__":
    save(simulate(int(sys.argv[1]), int(sys.argv[2])), Path(sys.argv[3]))
