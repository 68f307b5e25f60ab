"""Kaplan-Meier curves of patients with weights, of which only averages over blocks of patients are known.

A patient's weight is replaced by the average over the patients of the arm who leave in the same way, with the event or
censored, at about the same time. The curve is that of `survfit` with these averages as weights. What one patient adds
to the survival at a day is the derivative by the patient's weight, times the weight (the infinitesimal jackknife,
Jaeckel, Bell Laboratories Memorandum 72-1215-11 (1972); `survfit(..., influence = TRUE)`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from riskset.stats.arrays import Floats, Ints

IN_NONE: Final = -1
"""The block of steps whose weights are not added up."""


@dataclass(frozen=True)
class Blocks:
    """Blocks of steps in which patients leave one arm, by status."""

    of: Ints
    """The block of each status and step, (statuses, steps); `IN_NONE` where nobody leaves, or too few of the status."""
    sizes: tuple[int, ...]
    """Patients of each block."""


def blocks(counts: Ints, least: int) -> Blocks:
    """Returns blocks of consecutive steps, of one status each, with at least so many patients, from counts (statuses,
    steps). Blocks are closed as soon as they have enough; the last one of a status has the rest. A status with fewer
    patients has no block."""
    of, sizes = np.full(counts.shape, IN_NONE), list[int]()
    for status, own in enumerate(counts):
        left = int(own.sum())
        if left < least:
            continue
        sizes.append(0)
        for step in np.flatnonzero(own).tolist():
            if sizes[-1] >= least and left >= least:
                sizes.append(0)
            of[status, step] = len(sizes) - 1
            sizes[-1] += int(own[step])
            left -= int(own[step])
    return Blocks(of, tuple(sizes))


def averages(of_arm: Blocks, totals: Floats) -> Floats:
    """Returns the average weight of each status and step, (statuses, steps), from the sum of weights of each block; of
    a status without blocks that of all who are in blocks. 0 where no block is known."""
    if not of_arm.sizes:
        return np.zeros(of_arm.of.shape)
    each = np.asarray(totals, np.float64) / np.array(of_arm.sizes, np.float64)
    mean = float(np.sum(totals)) / sum(of_arm.sizes)
    return np.where(of_arm.of == IN_NONE, mean, each[of_arm.of])


def apart(events: Sequence[int], least: int) -> list[int]:
    """Returns the places of times between which at least so many patients have the event, from how many have it by each
    of ascending times: the first, and each that is so far from the last one before it that is returned."""
    found = list[int]()
    for at, by_then in enumerate(events):
        if not found or by_then - events[found[-1]] >= least:
            found.append(at)
    return found


def influences(weighted: Floats, survival: float, last: int) -> Floats:
    """Returns the derivative of the survival after the step `last` by the weight of a patient who leaves by each status
    in each step, (2, steps), from weighted counts (2, steps) of events and censorings. Somebody with a weight leaves
    after that step."""
    own, until = _of_hazard(weighted, last)
    return -survival * np.stack([own - until, -until])


def influences_on_mean(weighted: Floats, days: Ints, tau: float) -> Floats:
    """Returns the derivative of the area under the curve from 0 to day `tau` by the weight of a patient, as
    `influences`: the integral of those on the survival at each day. `days` (steps,) are the days of the steps."""
    last = int(np.searchsorted(days, tau, side="right")) - 1
    own, until = _of_hazard(weighted, last)
    at_risk = np.cumsum(weighted.sum(axis=0)[::-1])[::-1]
    stays = 1.0 - np.divide(weighted[0], at_risk, out=np.zeros_like(at_risk), where=at_risk > 0)
    area = np.zeros(len(days))
    area[: last + 1] = np.cumprod(stays)[: last + 1] * np.diff(np.append(days[: last + 1], tau))
    after, lost = np.cumsum(area[::-1])[::-1], np.cumsum(area * until) - area * until
    return np.stack([lost + (until - own) * after, lost + until * after])


def _of_hazard(weighted: Floats, last: int) -> tuple[Floats, Floats]:
    """Returns what the cumulative hazard after the step `last` changes by the weight of a patient, (steps,) each: by
    who has an event, and, with the sign reversed, by who is at risk until a step."""
    events = weighted[0]
    at_risk = np.cumsum(weighted.sum(axis=0)[::-1])[::-1]
    steps = np.arange(len(events))
    has_event = (events > 0) & (steps <= last)
    stay = at_risk - events
    hazard = np.divide(events, at_risk * stay, out=np.zeros_like(events), where=has_event)
    own = np.divide(1.0, stay, out=np.zeros_like(events), where=steps <= last)
    return own, np.cumsum(hazard)
