"""R1, R2 (two populations), R4 (levels), R12 and R14: how many patients and sites stand behind a number.

In the pooled column the counts are totals that everybody knows; in the local column they are the site's own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import nan

from riskset.disclosure.finding import Finding, in_words, judge
from riskset.disclosure.policy import Policy


def population_rows(policy: Policy, cohort: str, rows: int) -> Finding:
    """R1: `rows` patients of the study's population `cohort`."""
    least = policy.values["R1.population_rows"]
    remedy = (
        f"at least {in_words(least)} eligible patients would pass: more sites, a longer enrolment, wider eligibility"
    )
    return judge(policy, "R1.population_rows", cohort, rows, remedy=remedy)


def site_rows(policy: Policy, rows: int) -> Finding:
    """R1 at a site: none of its patients in the population, or enough. Own figure in both columns."""
    least = in_words(policy.values["R1.site_rows"])
    remedy = f"the site stays out of the run, or takes part when it has {least} eligible patients"
    return judge(policy, "R1.site_rows", "this site", rows, own=True, remedy=remedy)


def subgroup_rows(policy: Policy, cohort: str, rows: int) -> Finding:
    """R1: `rows` patients of a subgroup."""
    least = in_words(policy.values["R1.subgroup_rows"])
    remedy = f"merge the subgroup with another until it has {least} patients, or leave it out"
    return judge(policy, "R1.subgroup_rows", cohort, rows, remedy=remedy)


def apart(policy: Policy, a: str, b: str, rows: int, sites: int) -> list[Finding]:
    """R2: `rows` patients at `sites` sites are in one of a and b only. Sites count in the pooled column."""
    subject = f"{a} against {b}"
    least = in_words(policy.values["R2.apart_rows"])
    remedy = (
        "give the models of both the same covariates, or make what is missing a rule of eligibility, so that the two "
        f"are the same; or let them differ in {least} patients or more"
    )
    if "R2.apart_sites" in policy.values:
        remedy += f" at {in_words(policy.values['R2.apart_sites'])} sites or more"
    return _rows_and_sites(policy, ("R2.apart_rows", "R2.apart_sites"), subject, rows, sites, remedy)


def changes(policy: Policy, run: str, rows: int, sites: int) -> list[Finding]:
    """R14: `rows` patients at `sites` sites entered, left or changed in a used field since the earlier `run`."""
    least = in_words(policy.values["R14.changed_rows"])
    remedy = f"run on the data of that run, or wait until {least} patients have changed"
    if "R14.changed_sites" in policy.values:
        remedy += f" at {in_words(policy.values['R14.changed_sites'])} sites"
    return _rows_and_sites(policy, ("R14.changed_rows", "R14.changed_sites"), f"since {run}", rows, sites, remedy)


def _rows_and_sites(
    policy: Policy, names: tuple[str, str], subject: str, rows: int, sites: int, remedy: str
) -> list[Finding]:
    # rows of no site, or a site of no rows, are totals that somebody bent: no number, which fails
    figures = zip(names, (rows, sites if bool(rows) == bool(sites) else nan), strict=True)
    return [judge(policy, name, subject, figure, remedy=remedy) for name, figure in figures if name in policy.values]


def level(policy: Policy, subject: str, ones: int, n: int) -> Finding:
    """R4: of n patients `ones` have the level; those with it and those without are both to be enough."""
    least = in_words(policy.values["R4.level"])
    if policy.column == "pooled":
        fewer, which = min((ones, "have it"), (n - ones, "do not have it"))
        remedy = f"merge the level with another, or drop the column: {fewer} patients {which}, {least} are needed"
    else:
        remedy = f"drop the column, or merge the level with another until {least} patients have it and {least} do not"
    return judge(policy, "R4.level", subject, min(ones, n - ones), remedy=remedy)


def contributors(policy: Policy, subject: str, sites: int) -> Finding:
    """R12: `sites` sites have patients in the population, and patients who differ in the column."""
    least = in_words(policy.values["R12.contributors"])
    remedy = f"more sites; or levels merged, or a column dropped, until {least} sites have patients who differ in each"
    # counted over all sites in both columns: never one site's own figure
    return judge(policy, "R12.contributors", subject, sites, own=False, remedy=remedy)


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
