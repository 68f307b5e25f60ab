"""Whether a site takes part in a run at all: as a whole, or not. Decided before any number of the run leaves it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from riskset.analyses.cohort import Cohort
from riskset.disclosure import cells, runs
from riskset.disclosure.policy import Policy
from riskset.disclosure.rules import RuleColumn
from riskset.errors import Refused
from riskset.protocol.history import History
from riskset.protocol.journal import Begun
from riskset.protocol.opening import Opening
from riskset.study.spec import Disclosure

LEAST_MASKED: Final = 3
"""Participants from which on a sum hides each of them from every other."""


def column_of(asked: Disclosure, participants: Sequence[str], site: str, known: Collection[str]) -> RuleColumn:
    """Returns the column of the rules that a run of these participants falls under.

    `known` are the sites of the roster whose keys were compared or vouched for here, `site` itself among them.
    Refused("participants") where there are too few, one twice, or one that is not known: contributors are counted under
    the sum, where those that somebody invented could not be left out.
    """
    if site not in participants or len(set(participants)) != len(participants):
        raise Refused("participants", "the participants are not a list of sites with this one")
    if not set(participants) <= set(known):
        unknown = ", ".join(sorted(set(participants) - set(known)))
        raise Refused(
            "compared", f"neither compared nor vouched for here: {unknown}", "riskset site approve --compared"
        )
    if len(participants) < asked.min_sites:
        raise Refused("participants", "fewer participants than the study needs")
    return column_for(asked, len(participants))


def column_for(asked: Disclosure, sites: int) -> RuleColumn:
    """Returns the column for so many sites: with two, or without the secure sum, somebody sees each one's own sums."""
    return "pooled" if asked.secure_sum == "required" and sites >= LEAST_MASKED else "local"


def check_enough_rows(policy: Policy, cohort: Cohort) -> None:
    """Raises Refused("rows") where the site has some patients of an analysis set, but too few (R1)."""
    if not all(cells.site_rows(policy, rows.n).passes for rows in cohort.analysis_sets.values()):
        raise Refused("rows", "this site has too few patients to take part")


def check_earlier(opening: Opening, study_id: str, contributed: Mapping[str, Begun]) -> None:
    """Raises Refused("earlier") where a run of the study in which this site contributed is not named: what changed
    since would not be asked (R14)."""
    own = {run for run, begun in contributed.items() if begun.study_id == study_id}
    if not own <= set(opening.earlier):
        raise Refused("earlier", "the coordinator does not name every earlier run of the study")


def lists_of(contributed: Mapping[str, Begun], run: str, sites: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """Returns what a site tells of its runs other than `run`: their participants, where all are `sites` of the roster,
    each list once. Other studies' partners are not told of."""
    lists = {tuple(sorted(begun.participants)) for id_, begun in contributed.items() if id_ != run}
    return tuple(sorted(names for names in lists if set(names) <= set(sites)))


def check_not_subtracted(
    run: str, site: str, sites: Collection[str], history: History, contributed: Mapping[str, Begun]
) -> None:
    """Raises Refused("subtraction") where this run and earlier ones, of whatever study, would give sums of one or two
    sites (R13): earlier runs of this site, and those that the other participants told of when they opened.

    So too where a run with other participants was answered here since, of which the others were not told.
    """
    policy = history.judge.policy
    if policy is None:
        return
    now, opened = frozenset(history.opening.participants), history.opened
    untold = set(lists_of(contributed, run, sites)) - {*opened[site].ran, tuple(sorted(now))}
    own = {frozenset(begun.participants) for id_, begun in contributed.items() if id_ != run}
    told = {frozenset(names) for said in opened.values() for names in said.ran if set(names) <= set(sites)}
    earlier = sorted(own | told, key=sorted)
    subtracted = frozenset(name for name, said in opened.items() if said.may_be_subtracted)
    if untold or not runs.participants(policy, earlier, now, subtracted).passes:
        raise Refused("subtraction", "with earlier runs this one would give sums of one or two sites")
