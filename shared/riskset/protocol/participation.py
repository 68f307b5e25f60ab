"""The conditions on which a site takes part in a run: its limits, and what computes its numbers. It takes part in the
whole run or not at all, and decides so before it sends any number of the run.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from riskset.analyses.admission.step import Own
from riskset.analyses.cohort import Cohort
from riskset.catalogue import say
from riskset.disclosure import cells
from riskset.disclosure.policy import Policy
from riskset.disclosure.rules import RuleColumn
from riskset.errors import DataError, Refused
from riskset.protocol.approval import Approval
from riskset.protocol.contributing import Contributor
from riskset.protocol.opening import Opening
from riskset.protocol.roster import Roster
from riskset.protocol.rule_column import column_for
from riskset.study.spec import Disclosure, Study


def column_of(asked: Disclosure, participants: Sequence[str], site: str, known: Collection[str]) -> RuleColumn:
    """Returns the column of the rules that a run of these participants falls under.

    `known` are the sites of the roster whose keys were compared or vouched for here, `site` itself among them.
    Raises Refused("participants") where there are too few or one appears twice, Refused("compared") where one is not
    known: every participant counts as a contributor, and invented ones would hide nobody.
    """
    if site not in participants or len(set(participants)) != len(participants):
        raise Refused("participants", say("protocol.participants.list"))
    if not set(participants) <= set(known):
        unknown = say("protocol.participants.not_compared", sites=tuple(sorted(set(participants) - set(known))))
        raise Refused("compared", unknown, say("protocol.participants.not_compared_hint"))
    if len(participants) < asked.min_sites:
        raise Refused("participants", say("protocol.participants.too_few"))
    return column_for(asked, len(participants))


def check_enough_rows(policy: Policy, cohort: Cohort) -> None:
    """Raises Refused("rows") where the site has some patients of an analysis set, but too few (R1)."""
    if not all(cells.site_rows(policy, rows.n).passes for rows in cohort.analysis_sets.values()):
        raise Refused("rows", say("protocol.participants.rows"))


class Conditions(Protocol):
    """A site's conditions. `ApprovedConditions` are those of every real run; a rehearsal may have others."""

    def policy(self, opening: Opening, approval: Approval) -> Policy | None:
        """Returns the limits by which the site judges the run, and which it states when it opens; None for none.

        Raises Refused where the site does not take part in such a run.
        """

    def contributor(self, own: Own, approval: Approval) -> Contributor:
        """Returns what computes the site's numbers of one run, and judges them before they leave."""


class ApprovedConditions:
    """The conditions that a site signed in its approval."""

    def __init__(self, site: str, study: Study, roster: Roster, cohort: Cohort) -> None:
        self._site = site
        self._asked = study.disclosure
        self._sites = frozenset(roster.sites)
        self._cohort = cohort

    def policy(self, opening: Opening, approval: Approval) -> Policy:
        """Raises Refused: "participants" or "compared" for a run of other sites than it may have, "approval" where the
        limits do not apply to it, "rows" where this site has too few patients."""
        known = {self._site, *approval.compared} & self._sites
        policy = self._limits(column_of(self._asked, opening.participants, self._site, known), approval)
        check_enough_rows(policy, self._cohort)
        return policy

    def contributor(self, own: Own, approval: Approval) -> Contributor:
        """A site that may be subtracted is judged by the local column too: its own sums may come out one day. So is
        what a site tells that may be told alone.

        Raises Refused("approval") where its limits do not apply in that column.
        """
        alone = self._limits("local", approval) if approval.may_be_subtracted else None
        told = self._limits("local", approval) if approval.may_be_told_alone else None
        return Contributor(own, alone, told)

    def _limits(self, column: RuleColumn, approval: Approval) -> Policy:
        try:
            return approval.limits(column, self._asked.min_cell)
        except DataError:
            raise Refused("approval", say("protocol.approval.limits")) from None
