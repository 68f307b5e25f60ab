"""What earlier runs mean for a new one: how many patients changed since (rule R14), and whose sums the two would give
together (rule R13). Nothing here leaves a site but these numbers and the earlier runs' lists of participants.

Two runs that differ in one patient give that patient away, so changes are asked before anything else is counted.
Another version of the study may use other fields of the same patients. Every patient then has other values, and one who
was altered could not be found among them; so patients are compared in the fields that both versions use
(`same_content` finds them).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from riskset.analyses.admission.altered import Item
from riskset.analyses.admission.figures import ToldSet
from riskset.analyses.cohort import Cohort
from riskset.catalogue import say
from riskset.disclosure import runs
from riskset.errors import Refused
from riskset.protocol.altered_since import altered_since
from riskset.protocol.history import History
from riskset.protocol.journal import NAMED, OUTCOME, Begun, Labelled, RowMarks, Sent
from riskset.protocol.messages import refused
from riskset.protocol.opening import Opening, ToldSets
from riskset.protocol.parties import Parties
from riskset.protocol.recognised import is_altered
from riskset.protocol.roster import Roster
from riskset.protocol.same_content import Pair, are_aligned, pairs
from riskset.protocol.sets_of_patients import grown, in_no_set, sets_of


@dataclass(frozen=True)
class Changes:
    """How many patients differ between two states of the data."""

    rows: int
    """Entered, left or were altered."""
    entered: int = 0
    """Of these, who entered or left, of all patients or of a set of them: all that is known of them can be told by
    subtraction."""
    alike: int = 0
    """Not of these, in a field that has other columns in the export now, though nearly all patients have the same
    values."""
    altered: Mapping[Item, int] = field(default_factory=dict)
    """Those who were altered, by what is."""


def changed(before: RowMarks, now: RowMarks, *, sets_are_compared: bool = False) -> Changes:
    """Returns how many patients entered, left or were altered between two states of the data. Whoever is in a set in
    one of them only did not change where `sets_are_compared`, each with each (`apart_since`).

    A hospital without patient keys, or with other keys than before, is compared by the content of its rows. An altered
    row then counts as one that left and one that entered, and the larger of the two numbers is returned: the smallest
    possible number of changed patients.
    Raises Refused, since nobody can say: "fields" where both have patients but no field in common, "rewritten" where a
    column is declared and written in another way, "renamed" where a run that an earlier version of riskset recorded has
    a field that this version of the study does not have under that name.
    """
    if any(one.what == NAMED for one in before.fields):
        return _changed_by_name(before, now.named() if now.named else now)
    common = pairs(before, now)
    if before.marks and now.marks and not common:
        raise Refused("fields", say("protocol.earlier.no_common_field"))
    certain = [pair for pair in common if not pair.is_alike]
    if not are_aligned(before, now):
        entered = max(grown(before, now), _entered_without_keys(before, now, certain))
        rows = max(entered, _exchanged(before, now, certain))
        return Changes(rows, entered, max(rows, _exchanged(before, now, common)) - rows)
    others = before.marks.keys() ^ now.marks.keys()
    is_other = is_altered if sets_are_compared else str.__ne__
    judged_by_set = in_no_set(before) ^ in_no_set(now) if sets_are_compared else frozenset()
    differ = others | (_differing(before, now, certain, is_other) - judged_by_set)
    alike = _differing(before, now, common, is_other) - judged_by_set - differ
    return Changes(len(differ), len(others), len(alike))


def _changed_by_name(before: RowMarks, now: RowMarks) -> Changes:
    """Marks of riskset 0.1.0 are keyed with the study's names, so that only equal names can be compared."""
    if before.marks and now.marks and not set(before.fields) <= set(now.fields):
        raise Refused("renamed", say("protocol.earlier.by_name"), say("protocol.earlier.by_name_hint"))
    common = [Pair(i, now.fields.index(f)) for i, f in enumerate(before.fields)]
    if not are_aligned(before, now):
        return Changes(_exchanged(before, now, common), abs(len(before.marks) - len(now.marks)))
    others = frozenset(before.marks.keys() ^ now.marks.keys())
    return Changes(len(others | _differing(before, now, common)), len(others))


def _differing(
    before: RowMarks, now: RowMarks, common: Sequence[Pair], is_other: Callable[[str, str], bool] = str.__ne__
) -> frozenset[str]:
    """Returns the patients of both states, by their marks, who differ in these fields."""
    was, is_ = before.at([pair.before for pair in common]), now.at([pair.now for pair in common])
    return frozenset(patient for patient in was.keys() & is_.keys() if any(map(is_other, was[patient], is_[patient])))


def _entered_without_keys(before: RowMarks, now: RowMarks, common: Sequence[Pair]) -> int:
    """Returns how many patients entered or left at least. A corrected row looks like one that left and one that
    entered; only where most rows have other values are they other patients. Where patients have keys, which may be new
    ones, these are values of any field; else of fields that an update of the follow-up does not change.
    """
    lasting = list(common)
    if not (before.has_keys and now.has_keys):
        followed = frozenset[str]().union(*(one.columns for one in before.fields if one.what == OUTCOME))
        fields = {pair: before.fields[pair.before] for pair in common}
        lasting = [p for p, one in fields.items() if one.what != OUTCOME and followed.isdisjoint(one.columns)]
    others = _exchanged(before, now, lasting)
    are_other_patients = 2 * others > min(len(before.marks), len(now.marks))
    return others if are_other_patients else 0


def _exchanged(before: RowMarks, now: RowMarks, common: Sequence[Pair]) -> int:
    """Returns how many rows of one state are not in the other, of the state that has more of them."""
    was, is_ = before.at([pair.before for pair in common]), now.at([pair.now for pair in common])
    entered, left = Counter(is_.values()) - Counter(was.values()), Counter(was.values()) - Counter(is_.values())
    return max(entered.total(), left.total())


def apart_since(
    earlier: Sequence[ToldSet], states: Mapping[str, RowMarks], now: RowMarks, names: Sequence[str]
) -> dict[ToldSet, dict[str, int]]:
    """Returns, for each of these sets of earlier runs, how many patients are in only one of it and each set of `now`.
    `states` are the earlier runs' by run; `names` the present sets, in the order of the outcomes.

    Where patients have no keys, or other ones than before, it is the smallest possible number, as of `changed`.
    """
    sets, found = list(zip(names, sets_of(now), strict=False)), {}
    for run in dict.fromkeys(run for run, _ in earlier):
        before = states[run]
        was, are_known = sets_of(before), are_aligned(before, now)
        certain = [] if are_known else [pair for pair in pairs(before, now) if not pair.is_alike]
        for place in (place for of, place in earlier if of == run):
            found[run, place] = {
                name: len(was[place] ^ members)
                if are_known
                else _apart_without_keys(_only(before, was[place]), _only(now, members), certain)
                for name, members in sets
            }
    return found


def _apart_without_keys(before: RowMarks, now: RowMarks, common: Sequence[Pair]) -> int:
    return max(abs(len(before.marks) - len(now.marks)), _entered_without_keys(before, now, common))


def _only(state: RowMarks, patients: Collection[str]) -> RowMarks:
    return replace(state, marks={patient: mark for patient, mark in state.marks.items() if patient in patients})


def changes_since(begun: Begun, now: RowMarks, cohort: Cohort) -> Changes:
    """Returns what changed since a run in which this hospital contributed."""
    found = changed(begun.rows, now, sets_are_compared=bool(begun.sets))
    return replace(found, altered=altered_since(begun, now, cohort))


def check_asked(asked: Mapping[str, Changes], since: Mapping[str, Changes]) -> None:
    """Raises Refused("answered_since") where the changes counted when this run was opened are not those since every
    other run: one was answered in between, with different data."""
    if any(changes != asked.get(run, Changes(0)) for run, changes in since.items()):
        raise refused("answered_since")


def check_earlier(opening: Opening, contributed: Collection[str]) -> None:
    """Raises Refused("earlier") where a run in which this site contributed is not named, whatever its study was called:
    the changes since that run would not be counted (R14)."""
    if not set(contributed) <= set(opening.earlier):
        raise Refused("earlier", say("protocol.earlier.not_named"))


def opened_in(sent: Iterable[Sent]) -> int:
    """Returns how many numbers models and tables opened by what this site sent. The same numbers sent again, as by a
    second run over the same data, count once."""
    most: dict[Labelled, int] = {}
    for one in sent:
        for numbers, opened in zip(one.numbers, one.opened, strict=True):
            most[numbers] = max(opened, most.get(numbers, 0))
    return sum(most.values())


def check_told(not_stated: Mapping[str, ToldSets]) -> None:
    """Raises Refused("answered_since") where runs that this one did not state when it was opened may tell of sets:
    they are not compared with its own. (A run that it stated can tell of no further set.)"""
    if any(of.told or of.pending for of in not_stated.values()):
        raise refused("answered_since")


def check_opened(stated: int, now: int) -> None:
    """Raises Refused("opened_since") where other runs have opened numbers since this one was: it was judged without
    them."""
    if now > stated:
        raise refused("opened_since")


def lists_of(ran: Mapping[str, Parties], run: str, roster: Roster) -> tuple[tuple[str, ...], ...]:
    """Returns what a site discloses of its runs `ran` other than `run`: the different lists of parties, of those runs
    whose parties are all in the roster. Partners in other studies are not disclosed."""
    known = set(roster.parties.values())
    return tuple(sorted({tuple(sorted(parties)) for id_, parties in ran.items() if id_ != run and parties <= known}))


def check_not_subtracted(run: str, site: str, roster: Roster, history: History, ran: Mapping[str, Parties]) -> None:
    """Raises Refused("subtraction") where this run and earlier ones, of whatever study, would give sums of one or two
    sites (R13): earlier runs `ran` of this site, and those that the other participants disclosed when they opened.

    The same where a run with other participants was answered here since, which the others do not know.
    """
    policy = history.judge.policy
    if policy is None:
        return
    known, opened = set(roster.parties.values()), history.opened
    party = {name: roster.party(key) for name, key in roster.keys_of(opened).items()}
    now = frozenset(party.values())
    undisclosed = set(lists_of(ran, run, roster)) - {*opened[site].ran, tuple(sorted(now))}
    own = {parties for id_, parties in ran.items() if id_ != run}
    disclosed = {frozenset(parties) for said in opened.values() for parties in said.ran if known.issuperset(parties)}
    subtracted = frozenset(party[name] for name, said in opened.items() if said.may_be_subtracted)
    # a single party told its own estimates: that one is known, if it says so itself or told them to this site
    subtracted |= {one for name, said in opened.items() for one in (party[name],) if (one,) in said.ran}
    subtracted |= frozenset().union(*(parties for parties in own if len(parties) == 1))
    if undisclosed or not runs.participants(policy, [*(own | disclosed)], now, subtracted).passes:
        raise Refused("subtraction", say("protocol.earlier.subtraction"))


def ran_otherwise(run: str, roster: Roster, history: History, ran: Mapping[str, Parties]) -> bool:
    """Returns whether this site, whose runs are `ran`, or another participant knows an earlier run of other parties
    than those of this one: with that run, what is told of a site alone could leave the sums of one or two (R13)."""
    known = set(roster.parties.values())
    now = frozenset(roster.party(key) for key in roster.keys_of(history.opened).values())
    own = {parties for id_, parties in ran.items() if id_ != run}
    disclosed = {frozenset(parties) for said in history.opened.values() for parties in said.ran}
    return any(len(parties) > 1 and parties & known and parties != now for parties in own | disclosed)
