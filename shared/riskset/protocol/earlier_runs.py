"""What earlier runs mean for a new one: how many patients changed since (rule R14), and whose sums the two would give
together (rule R13). Nothing here leaves a site but these numbers and the earlier runs' lists of participants.

Two runs that differ in one patient give that patient away, so changes are asked before anything else is counted.
Another version of the study may use other fields of the same patients. Every patient then has other values, and one who
was altered could not be found among them; so patients are compared in the fields that both versions use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from riskset.catalogue import say
from riskset.disclosure import runs
from riskset.errors import Refused
from riskset.protocol.history import History
from riskset.protocol.journal import MARK_DIGITS, Begun, Labelled, RowMarks, Sent
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


def opened_in(sent: Iterable[Sent]) -> int:
    """Returns how many numbers models and tables opened by what this site sent. The same numbers sent again, as by a
    second run over the same data, count once."""
    most: dict[Labelled, int] = {}
    for one in sent:
        for numbers, opened in zip(one.numbers, one.opened, strict=True):
            most[numbers] = max(opened, most.get(numbers, 0))
    return sum(most.values())


def check_opened(stated: int, now: int) -> None:
    """Raises Refused("earlier") where other runs have opened numbers since this one was: it was judged without them."""
    if now > stated:
        raise Refused("earlier", say("protocol.earlier.opened_since"))


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
