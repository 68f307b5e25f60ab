"""What earlier runs mean for a new one: how many patients changed since (rule R14), which curves are open already (rule
R9), and whose sums the two would give together (rule R13). Nothing here leaves a site but how many changed, and the
earlier runs' lists of participants.

Two runs that differ in one patient give that patient away, so changes are asked before anything else is counted.
Another version of the study may use other fields of the same patients. Every patient then has other values, and one who
was altered could not be found among them; so patients are compared in the fields that both versions use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.analyses.leaving import curves_of
from riskset.catalogue import say
from riskset.disclosure import runs
from riskset.disclosure.curves import Bools, Curve, Ints, without_corrected
from riskset.errors import Refused
from riskset.protocol.history import History
from riskset.protocol.journal import MARK_DIGITS, Begun, RowMarks
from riskset.protocol.opening import Opening


def changed(before: RowMarks, now: RowMarks) -> int:
    """Returns how many patients entered, left or were altered between two states of the data.

    A hospital without patient keys marks rows by their content. An altered row then counts as one that left and one
    that entered, and the larger of the two numbers is returned: the smallest possible number of changed patients.
    Raises Refused("earlier") where both have patients but no field in common, since then nobody can say.
    """
    common = [name for name in before.fields if name in now.fields]
    if before.marks and now.marks and not common:
        raise Refused("earlier", say("protocol.earlier.no_common_field"))
    was, is_ = _marked(before, common), _marked(now, common)
    if now.has_keys and before.has_keys:
        return len(was.keys() ^ is_.keys()) + sum(was[patient] != is_[patient] for patient in was.keys() & is_.keys())
    entered, left = Counter(is_.values()) - Counter(was.values()), Counter(was.values()) - Counter(is_.values())
    return max(entered.total(), left.total())


def _marked(rows: RowMarks, fields: Sequence[str]) -> dict[str, str]:
    """Returns each patient's marks of these fields."""
    starts = [MARK_DIGITS * rows.fields.index(name) for name in fields]
    return {
        patient: "".join([mark[start : start + MARK_DIGITS] for start in starts])
        for patient, mark in rows.marks.items()
    }


def curves_to_keep(rows: RowMarks, cohort: Cohort, analyses: Iterable[Analysis]) -> tuple[Curve, ...]:
    """Returns the curves that a run may open, over the patients in the order of their marks; none without marks, since
    then no later run could recognise a patient."""
    patients = _marked_patients(rows, cohort)
    return tuple(curve.of(patients) for curve in curves_of(cohort, analyses)) if rows.marks else ()


def opened_curves(
    contributed: Mapping[str, Begun],
    answered: Callable[[str], Collection[str]],
    now: RowMarks,
    cohort: Cohort,
    analyses: Iterable[Analysis],
) -> tuple[Curve, ...]:
    """Returns the curves that were answered in these runs, over the patients of the cohort (R9), without patients who
    entered, left or were corrected since: whether there are enough of them, R14 judges.

    Without patient keys, one who was corrected looks like one who left and another who entered. Where at most half as
    many did both as are recognised, they are taken for corrected.
    """
    kept = {run: begun for run, begun in contributed.items() if begun.curves}
    if not kept:
        return ()
    found: list[Curve] = []
    patients, present, n = _marked_patients(now, cohort), curves_of(cohort, analyses), cohort.n_patients
    for run, begun in kept.items():
        before, here, altered = _recognised(begun.rows, now)
        ids = answered(run)
        opened = [curve for curve in begun.curves if curve.name in ids]
        gone, entered = _gone(opened, before), np.setdiff1d(patients, patients[here])
        placed = [replace(c.of(before).placed(patients[here], n), run=run, gone=gone) for c in opened]
        if not _have_keys(begun.rows, now) and 0 < min(gone, len(entered)) <= len(here) / 2:
            placed = [replace(curve.left_out(entered), gone=0) for curve in placed]
        is_altered = np.zeros(n, bool)
        is_altered[patients[here]] = altered
        found += without_corrected(placed, present, is_altered)
    return tuple(found)


def _gone(curves: Sequence[Curve], recognised: Ints) -> int:
    """Returns how many patients of the curves are not among those who are recognised."""
    counted = np.logical_or.reduce([curve.is_in for curve in curves]) if curves else np.zeros(0, bool)
    return int(counted.sum()) - int(counted[recognised].sum()) if curves else 0


def _marked_patients(rows: RowMarks, cohort: Cohort) -> Ints:
    """Returns the numbers of the patients with marks, in the order of these: all whom an analysis set has."""
    used = np.unique(np.concatenate([np.zeros(0, np.int64), *(s.patients for s in cohort.analysis_sets.values())]))
    if rows.marks and len(used) != len(rows.marks):
        raise ValueError("every patient of the cohort has marks, and nobody else")
    return used


def _recognised(before: RowMarks, now: RowMarks) -> tuple[Ints, Ints, Bools]:
    """Returns where the patients of two states stand in each order of marks, and who was altered in a common field.

    Without patient keys, patients are recognised by these fields; of several who are alike, any is as good.
    """
    common = [name for name in before.fields if name in now.fields]
    was, is_ = _marked(before, common), _marked(now, common)
    if common and not _have_keys(before, now):
        was, is_ = _numbered(was), _numbered(is_)
    at = {patient: number for number, patient in enumerate(was)}
    pairs = [(at[patient], number) for number, patient in enumerate(is_) if patient in at]
    both = np.array(pairs, np.int64).reshape(-1, 2)
    altered = [was[patient] != is_[patient] for patient in is_ if patient in at]
    return both[:, 0], both[:, 1], np.array(altered, bool)


def _have_keys(before: RowMarks, now: RowMarks) -> bool:
    return before.has_keys and now.has_keys


def _numbered(marks: Mapping[str, str]) -> dict[str, str]:
    """Returns marks of content with what is the same in two states as key: the mark, and its number among equals."""
    seen: Counter[str] = Counter()
    found: dict[str, str] = {}
    for mark in marks.values():
        seen[mark] += 1
        found[f"{mark}/{seen[mark]}"] = mark
    return found


def changes_since(earlier: Sequence[str], contributed: Mapping[str, Begun], now: RowMarks) -> dict[str, int]:
    """Returns the number of changed patients by earlier run; 0 for a run in which this hospital did not contribute."""
    return {run: changed(contributed[run].rows, now) if run in contributed else 0 for run in earlier}


def check_asked(
    asked: Mapping[str, int], run: str, study_id: str, now: RowMarks, contributed: Mapping[str, Begun]
) -> None:
    """Raises Refused("earlier") where the changes counted when this run was opened are not those since every other run
    of the study: one was answered in between, with different data."""
    others = {id_: begun.rows for id_, begun in contributed.items() if id_ != run and begun.study_id == study_id}
    if any(changed(rows, now) != asked.get(id_, 0) for id_, rows in others.items()):
        raise Refused("earlier", say("protocol.earlier.answered_since"))


def check_earlier(opening: Opening, study_id: str, contributed: Mapping[str, Begun]) -> None:
    """Raises Refused("earlier") where a run of the study in which this site contributed is not named: the changes since
    that run would not be counted (R14)."""
    own = {run for run, begun in contributed.items() if begun.study_id == study_id}
    if not own <= set(opening.earlier):
        raise Refused("earlier", say("protocol.earlier.not_named"))


def lists_of(contributed: Mapping[str, Begun], run: str, sites: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """Returns what a site discloses of its runs other than `run`: the different lists of participants, of those runs
    whose participants are all `sites` of the roster. Partners in other studies are not disclosed."""
    lists = {tuple(sorted(begun.participants)) for id_, begun in contributed.items() if id_ != run}
    return tuple(sorted(names for names in lists if set(names) <= set(sites)))


def check_not_subtracted(
    run: str, site: str, sites: Collection[str], history: History, contributed: Mapping[str, Begun]
) -> None:
    """Raises Refused("subtraction") where this run and earlier ones, of whatever study, would give sums of one or two
    sites (R13): earlier runs of this site, and those that the other participants disclosed when they opened.

    The same where a run with other participants was answered here since, which the others do not know.
    """
    policy = history.judge.policy
    if policy is None:
        return
    now, opened = frozenset(history.opening.participants), history.opened
    undisclosed = set(lists_of(contributed, run, sites)) - {*opened[site].ran, tuple(sorted(now))}
    own = {frozenset(begun.participants) for id_, begun in contributed.items() if id_ != run}
    disclosed = {frozenset(names) for said in opened.values() for names in said.ran if set(names) <= set(sites)}
    earlier = sorted(own | disclosed, key=sorted)
    subtracted = frozenset(name for name, said in opened.items() if said.may_be_subtracted)
    if undisclosed or not runs.participants(policy, earlier, now, subtracted).passes:
        raise Refused("subtraction", say("protocol.earlier.subtraction"))
