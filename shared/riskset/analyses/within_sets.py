"""Patients of matched sets of two, followed as long as both of a set are at risk: what a model with a baseline hazard
for each set rests on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from riskset.analyses.cohort import AnalysisSet


def followed_together(rows: AnalysisSet) -> AnalysisSet:
    """Returns the same patients, each followed until the first of the two leaves. An event is one where it ends that
    time and the other patient is at risk on the day; so both may have one, on the same day. Nobody has one whose set is
    not whole here. Days of entry, which decide no more than that, are left out. ValueError where patients are not
    matched, or a set has more than two."""
    if rows.groups is None:
        raise ValueError("followed together are patients of matched sets")
    sets, of = np.unique(rows.groups, return_inverse=True)
    of, sizes = of.reshape(-1), np.bincount(of.reshape(-1), minlength=len(sets))
    if sizes.max(initial=0) > 2:
        raise ValueError("followed together are patients of matched sets of two")
    until = np.full(len(sets), np.iinfo(np.int64).max)
    np.minimum.at(until, of, rows.days)
    since = np.full(len(sets), -1)
    if rows.entry_days is not None:
        np.maximum.at(since, of, rows.entry_days)
    is_compared = (sizes[of] == 2) & (since < until)[of]
    event = rows.event & is_compared & (rows.days == until[of])
    return replace(rows, days=until[of], event=event, entry_days=None, cause=None)
