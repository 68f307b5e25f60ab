"""What is said when sites refuse to take part in a run: all of them at once, and what the coordinator can do then.

A remedy is offered only where it would work: a run without some sites needs enough others, and must not give their sums
when it is subtracted from an earlier run (rule R13).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from riskset.catalogue import Message, say
from riskset.disclosure import runs
from riskset.disclosure.policy import default_policy
from riskset.errors import Refused
from riskset.protocol.program import NEWER_METHOD, NEWER_PROTOCOL
from riskset.protocol.rule_column import column_for
from riskset.study.spec import Disclosure

WITHDRAWN: Final = "withdrawn"

STAYS_OUT: Final = frozenset({"rows", WITHDRAWN})
"""Refusals of a site that takes no part in this run, whatever the coordinator does."""

ENDS_A_RUN: Final = {
    NEWER_PROTOCOL: say("run.ended"),
    NEWER_METHOD: say("run.ended"),
    "participants": say("run.ended"),
    "earlier": say("run.ended"),
    "answered_since": say("run.ended"),
    "opened_since": say("run.ended"),
    "curves_since": say("run.ended"),
    "fields": say("run.ended_fields"),
    "rewritten": say("run.ended_rewritten"),
    "renamed": say("run.ended_renamed"),
    "subtraction": say("run.ended_subtraction"),
    "not_asked": say("run.ended_not_asked"),
    "not_withheld": say("run.ended_not_withheld"),
}
"""Refusals that follow from how the run was begun, so that no later reply can withdraw them: what to do instead."""


@dataclass(frozen=True)
class NextRun:
    """What a run without some of the sites would be: its command, or why no site would answer it."""

    disclosure: Disclosure
    command: str = "riskset run --new"
    """As typed for the present run, and as a new one begins."""
    earlier: tuple[frozenset[str], ...] = ()
    """The participants of the earlier runs in which numbers were asked for."""
    left_out: tuple[str, ...] = ()
    """The sites of the roster that the present run leaves out already."""

    def without(self, sites: Sequence[str], participants: Sequence[str], *, is_opened: bool) -> Message:
        """Returns the sentence. `is_opened`: numbers were asked for in the present run of the `participants`."""
        rest = frozenset(participants) - set(sites)
        if len(rest) < self.disclosure.min_sites:
            return say("run.without.too_few", n=len(rest), least=self.disclosure.min_sites)
        policy = default_policy(column_for(self.disclosure, len(rest)), self.disclosure.min_cell)
        before = [*self.earlier, *([frozenset(participants)] if is_opened else [])]
        if not runs.participants(policy, before, rest).passes:
            return say("run.without.subtraction", sites=tuple(sites))
        return say("run.without.command", sites=tuple(sites), command=self.begun_without(sites))

    def begun_without(self, sites: Sequence[str]) -> str:
        """Returns what begins it, as it is typed."""
        left_out = shlex.join([text for site in (*self.left_out, *sites) for text in ("--without", site)])
        return f"{self.command} {left_out}"


def refused_together(
    refusals: Mapping[str, Refused],
    silent: Mapping[str, Message],
    participants: Sequence[str],
    next_run: NextRun,
    *,
    is_opened: bool,
) -> Refused:
    """Returns one error for all refusals of a round, by site. `silent`: the sites that have not answered either, and
    why."""
    refused = {site: refusals[site] for site in participants if site in refusals}
    out = tuple(site for site, no in refused.items() if no.code in STAYS_OUT)
    hints = [next_run.without(out, participants, is_opened=is_opened)] if out else []
    if any(no.code == WITHDRAWN for no in refused.values()):
        hints.append(say("run.withdrawn"))
    hints += [
        no.hint or ENDS_A_RUN.get(no.code, say("run.kept")) for no in refused.values() if no.code not in STAYS_OUT
    ]
    if out and silent:
        sites = tuple(say("run.silent_site", site=site, state=state) for site, state in silent.items())
        hints.append(say("run.silent", sites=sites))
    messages = tuple(no.message for no in refused.values())
    message = messages[0] if len(messages) == 1 else say("run.refusals", n=len(messages), refusals=messages)
    (first, *others) = refused.values()
    code = first.code if all(no.code == first.code for no in others) else "sites"
    return Refused(code, message, say("run.hints", hints=tuple(dict.fromkeys(hints))))
