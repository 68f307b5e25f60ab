"""R9 and R11: what may be counted by time. Sums by event time are the patients' table, whoever adds them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from riskset.disclosure.finding import Finding, in_words, judge
from riskset.disclosure.policy import Policy


def split(policy: Policy, subject: str, asked: Sequence[str], allowed: Collection[str]) -> Finding:
    """R9: a curve is split by the variables `asked`; `allowed` are the study's arm and its adjusted populations.

    Any further split is judged by R11, which a site may approve by name where the study asks for it.
    """
    further = [variable for variable in asked if variable not in allowed]
    name = "R11.further_splits" if further else "R9.further_splits"
    remedy = f"ask for the curve without {', '.join(further)}"
    return judge(policy, name, subject, len(further), remedy=remedy)


def steps_at_risk(policy: Policy, subject: str, fewest: int) -> Finding:
    """R11: the fewest patients at risk in any step of a baseline hazard or of a curve by subgroup."""
    least = in_words(policy.values["R11.at_risk"])
    return judge(policy, "R11.at_risk", subject, fewest, remedy=f"end it where fewer than {least} are at risk")


def per_time_with_covariates(policy: Policy, subject: str, covariates: int) -> Finding:
    """R11: sums by event time that hold covariates never leave; no exception exists."""
    remedy = "ask for the sums over all event times (the triple of a Cox model stratified by site)"
    return judge(policy, "R11.with_covariates", subject, covariates, remedy=remedy)
