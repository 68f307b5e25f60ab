"""How a run was held, as its participants stated when it opened: the limits of the rules, who signed exceptions, and
with which program each site computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from riskset.disclosure.policy import default_policy
from riskset.disclosure.rules import LIMITS, RuleColumn
from riskset.protocol.history import History
from riskset.protocol.opening import Opened


@dataclass(frozen=True)
class SignedException:
    """A limit that a site accepts looser than the default."""

    site: str
    by: str
    """Who signed the site's approval."""
    limit: str
    """In full: `R4.leverage`."""
    value: str
    """As a person wrote it: `1/3`."""


@dataclass(frozen=True)
class Conduct:
    """What the participants of a run stated."""

    column: RuleColumn
    """The limits that apply: `pooled`, or `local` where others could see a site's own sums."""
    smallest_cell: int
    limits: tuple[tuple[str, Fraction], ...]
    """In force, by their full names: the strictest of all participants'."""
    exceptions: tuple[SignedException, ...]
    """By site, in the order of names. One that not every site signed changes no limit of the run."""
    versions: tuple[str, ...]
    """Of riskset at the sites, each once."""
    is_masked: bool
    """Whether sums were masked."""

    @property
    def unlike_default(self) -> tuple[tuple[str, Fraction, bool], ...]:
        """Returns the limits in force that differ from the default of the study's smallest cell: name, value, and
        whether it is looser."""
        default = default_policy(self.column, self.smallest_cell).values
        return tuple(
            (name, value, LIMITS[name].is_looser(value, default[name]))
            for name, value in self.limits
            if value != default[name]
        )


def conduct_of(history: History) -> Conduct | None:
    """Returns how a run was held; None where no rule was applied, which only a rehearsal can ask for."""
    policy, opened = history.judge.policy, history.opened
    if policy is None:
        return None
    return Conduct(
        policy.column,
        policy.k,
        tuple(policy.values.items()),
        _exceptions(opened),
        tuple(dict.fromkeys(said.version for said in opened.values())),
        all(said.key for said in opened.values()),
    )


def _exceptions(opened: Mapping[str, Opened]) -> tuple[SignedException, ...]:
    """Returns what the approvals say; up to protocol 2 none was stated."""
    approvals = [(site, said.approval) for site, said in opened.items() if said.approval is not None]
    return tuple(
        SignedException(site, approval.by, one.limit, one.value)
        for site, approval in approvals
        for one in approval.exceptions
    )
