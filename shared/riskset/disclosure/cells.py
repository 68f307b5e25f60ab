"""R1, R2 (two populations), R4 (levels), R9, R11, R12 and R14: how many patients and sites are behind a number.

In the pooled column the counts are totals that every party knows; in the local column they are the site's own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import nan
from typing import Final, Literal

from riskset.catalogue import Message, say
from riskset.disclosure.finding import Finding, cannot_judge, judge, or_first
from riskset.disclosure.policy import Policy
from riskset.disclosure.rules import in_words

ALIKE: Final = "rules.subject.alike_since_run"
"""What `alike` is about: its code tells it from `changes`."""
UNTOLD: Final = "rules.subject.untold_in_run"
"""What `untold` is about."""
SET_SINCE: Final = "rules.subject.set_since_run"
"""What `set_since` is about."""
WEIGHTS_SINCE: Final = "rules.subject.weights_since_run"
"""What `weights_since` is about."""
NOT_COMPARED: Final = "rules.subject.not_compared"
"""What `not_compared` is about."""
OUTCOMES: Final = "rules.subject.two_outcomes"
"""What `outcomes` is about."""
AT_SITE: Final = "rules.subject.at_site"
"""What `apart_at_site` is about."""
OUTCOMES_SINCE: Final = "rules.subject.outcomes_since_run"
"""What `outcomes_since` is about."""
NOT_ALONE: Final = say("rules.subject.not_alone")
"""The hospitals that tell nothing alone, where others tell their own estimates."""
_REMEDIES: Final = {"R2.apart": "apart", "R14.changed": "changes", "R14.entered": "entered"}
"""The codes of remedies, by the pair of limits on rows and sites."""


def population_rows(policy: Policy, cohort: Message | str, rows: int) -> Finding:
    """R1: `rows` patients in the study's population `cohort`."""
    remedy = say("rules.remedy.population_rows", least=_least(policy, "R1.population_rows"))
    return judge(policy, "R1.population_rows", cohort, rows, remedy=remedy)


def site_rows(policy: Policy, rows: int) -> Finding:
    """R1 at a site: none of its patients is in the population, or enough are. The site's own figure in both columns."""
    remedy = say("rules.remedy.site_rows", least=_least(policy, "R1.site_rows"))
    return judge(policy, "R1.site_rows", say("rules.subject.this_site"), rows, own=True, remedy=remedy)


def subgroup_rows(policy: Policy, cohort: str, rows: int) -> Finding:
    """R1: `rows` patients in a subgroup."""
    remedy = say("rules.remedy.subgroup_rows", least=_least(policy, "R1.subgroup_rows"))
    return judge(policy, "R1.subgroup_rows", cohort, rows, remedy=remedy)


def apart(policy: Policy, a: str, b: str, rows: int, sites: int, is_table: bool = False) -> list[Finding]:
    """R2: `rows` patients at `sites` sites are in only one of a and b. Sites count in the pooled column. A table is
    judged after all else, wherever the study lists it."""
    subject = say("rules.subject.two_sets", a=a, b=b)
    remedy = or_first(apart_remedy(policy), passes_first=True)  # each of the two passes by itself
    if is_table:
        remedy = say("rules.remedy.table_of_others")
    return _rows_and_sites(policy, "R2.apart", subject, rows, sites, remedy)


def apart_remedy(policy: Policy) -> Message:
    """Returns what would pass where two sets differ in too few patients, whichever is judged first."""
    return _more_rows_and_sites(policy, "R2.apart")


def changes(policy: Policy, run: str, rows: int, sites: int) -> list[Finding]:
    """R14: `rows` patients at `sites` sites entered, left or changed in a used field since the earlier `run`."""
    subject, remedy = say("rules.subject.since_run", run=run), _more_rows_and_sites(policy, "R14.changed")
    return _rows_and_sites(policy, "R14.changed", subject, rows, sites, remedy)


def altered(policy: Policy, run: str, what: str, name: str, rows: int, sites: int) -> list[Finding]:
    """R14: of `rows` patients at `sites` sites a value of the variable `name`, or the outcome or the event in the set
    `name`, was altered since the earlier `run`."""
    subject = say(f"rules.subject.altered.{what}", name=name, run=run)
    return _rows_and_sites(
        policy, "R14.changed", subject, rows, sites, _more_rows_and_sites(policy, "R14.changed", "altered")
    )


def entered(policy: Policy, run: str, rows: int, sites: int) -> list[Finding]:
    """R14: `rows` patients at `sites` sites entered or left since the earlier `run`: a population of their own, whose
    sums are the difference of the two runs'."""
    if "R14.entered_rows" not in policy.values:  # a run of an earlier protocol
        return []
    subject, remedy = say("rules.subject.since_run", run=run), _more_rows_and_sites(policy, "R14.entered")
    return _rows_and_sites(policy, "R14.entered", subject, rows, sites, remedy)


def set_since(
    policy: Policy, name: str, run: str, place: int, rows: int, sites: int, *, are_tables: bool = False
) -> list[Finding]:
    """R14: `rows` patients at `sites` sites are in only one of the set `name` and one of which the earlier `run` told,
    its set at this place: a population of their own, whose sums are the difference of the two sets'. Of tables it is
    one table more, whose products of columns nobody knows."""
    subject = say("rules.subject.set_since_run", name=name, run=run, place=place + 1)
    pair = "R14.changed" if are_tables else "R14.entered"
    remedy = _more_rows_and_sites(policy, pair, "set_since_tables" if are_tables else "set_since")
    return _rows_and_sites(policy, pair, subject, rows, sites, remedy)


def weights_since(policy: Policy, name: str, run: str, place: int, effective: int) -> Finding:
    """R14: by how much the patients of the weighted set `name` count more, or less, than in one of which the earlier
    `run` told, its set at this place, they count as so many `effective` patients: 0 where none of them has another
    weight. One of them must not be most of what the two tell, subtracted."""
    subject = say("rules.subject.weights_since_run", name=name, run=run, place=place + 1)
    remedy = say("rules.remedy.weights_since", rows=_least(policy, "R14.changed_rows"))
    return judge(policy, "R14.changed_rows", subject, effective, remedy=remedy)


def not_compared(policy: Policy, name: str, *, is_compared: bool) -> Finding:
    """R14 at a site: the set `name`, of a derived population, was compared with all that the site told before, in runs
    that were opened at the same time too."""
    figure = 0 if is_compared else nan
    subject = say("rules.subject.not_compared", name=name)
    return judge(policy, "R14.entered_rows", subject, figure, own=True, remedy=say("rules.remedy.not_compared"))


def alike(policy: Policy, run: str, rows: int) -> Finding:
    """R14 at a site: `rows` of its patients differ from the earlier `run` in a field that the export had in other
    columns then, and that is the same for nearly all. None may. The site's own figure in both columns."""
    subject = say("rules.subject.alike_since_run", run=run)
    figure = nan if rows else 0  # however many they are: the study chose the columns
    return judge(policy, "R14.changed_rows", subject, figure, own=True, remedy=say("rules.remedy.alike"))


def untold(policy: Policy, run: str, rows: int) -> Finding:
    """R14 at a site: `rows` of its patients differ between a column that the earlier `run` did not tell and one that it
    told, and nearly all are the same in both. The site's own figure in both columns."""
    subject, remedy = say("rules.subject.untold_in_run", run=run), say("rules.remedy.untold", rows=policy.k)
    figure = nan if 0 < rows < policy.k else 0  # of those that differ in more, R2 judges who can be told apart
    return judge(policy, "R14.changed_rows", subject, figure, own=True, remedy=remedy)


def outcomes(policy: Policy, a: str, b: str, rows: int) -> Finding:
    """R2 at a site: `rows` of its patients have another outcome in one of two endpoints of models. The site's own
    figure in both columns."""
    subject = say("rules.subject.two_outcomes", a=a, b=b)
    remedy = or_first(say("rules.remedy.outcomes", rows=policy.k), passes_first=True)
    return judge(policy, "R2.apart_rows", subject, rows, own=True, remedy=remedy)


def outcomes_since(policy: Policy, name: str, run: str, rows: int) -> Finding:
    """R14 at a site: `rows` of its patients have another outcome in the set `name` than in one that the earlier `run`
    told, without those who were altered since. The site's own figure in both columns."""
    subject = say("rules.subject.outcomes_since_run", name=name, run=run)
    remedy = say("rules.remedy.outcomes_since", rows=policy.k)
    figure = nan if 0 < rows < policy.k else 0
    return judge(policy, "R14.changed_rows", subject, figure, own=True, remedy=remedy)


def apart_in_arm(policy: Policy, a: str, b: str, rows: int) -> Finding:
    """R2 at a site: `rows` of its patients of an arm are left of b and the sets `a`, added up. The site's own figure in
    both columns."""
    remedy = or_first(apart_remedy(policy), passes_first=True)
    return judge(policy, "R2.apart_rows", say("rules.subject.two_sets", a=a, b=b), rows, own=True, remedy=remedy)


def apart_at_site(policy: Policy, name: str, *, is_alone: bool) -> Finding:
    """R2 at a site: whether, with the sets before it, a sum is of the site's own patients alone."""
    remedy = or_first(apart_remedy(policy), passes_first=True)
    return judge(
        policy, "R2.apart_sites", say("rules.subject.at_site", name=name), int(is_alone), own=True, remedy=remedy
    )


def _rows_and_sites(
    policy: Policy, pair: str, subject: Message, rows: int, sites: int, remedy: Message
) -> list[Finding]:
    """Returns what the limits `pair`_rows and `pair`_sites say; sites count where the column has such a limit."""
    # rows at no site, or a site without rows, come from a manipulated total: not a number, which fails
    figures = {f"{pair}_rows": rows, f"{pair}_sites": sites if bool(rows) == bool(sites) else nan}
    return [judge(policy, n, subject, figure, remedy=remedy) for n, figure in figures.items() if n in policy.values]


def _more_rows_and_sites(policy: Policy, pair: str, code: str = "") -> Message:
    """Returns what would pass the two limits of a pair."""
    code, least = code or _REMEDIES[pair], _least(policy, f"{pair}_rows")
    if f"{pair}_sites" in policy.values:
        return say(f"rules.remedy.{code}_sites", rows=least, sites=_least(policy, f"{pair}_sites"))
    return say(f"rules.remedy.{code}", rows=least)


def level(policy: Policy, subject: Message | str, ones: int, n: int) -> Finding:
    """R4: `ones` of n patients have the level; enough must have it, and enough must not."""
    least, without = _least(policy, "R4.level"), n - ones
    if policy.column == "local":
        remedy = say("rules.remedy.level", least=least)
    elif ones <= without:
        remedy = say("rules.remedy.level_have", n=ones, least=least)
    else:
        remedy = say("rules.remedy.level_have_not", n=without, least=least)
    return judge(policy, "R4.level", subject, min(ones, without), remedy=remedy)


def combined(policy: Policy, subject: str, variables: Sequence[str], n: int) -> Finding:
    """R4: an analysis uses these derived `variables`, which combine others; with those before it, n are used."""
    return _combined(policy, subject, n, say("rules.remedy.combined", variables=tuple(variables)))


def cut_freely(policy: Policy, subject: str, population: str, n: int) -> Finding:
    """R4: an analysis is of a `population` that a score cuts at a place of the study's own choice, as a rule of several
    variables would; with what else combines variables, n are used."""
    return _combined(policy, subject, n, say("rules.remedy.cut_freely", population=population))


def _combined(policy: Policy, subject: str, n: int, remedy: Message) -> Finding:
    if "R4.combined" not in policy.values:  # a run of an earlier protocol
        return cannot_judge("R4", subject, say("rules.beyond.combined"), remedy)
    return judge(policy, "R4.combined", subject, n, own=False, remedy=remedy)


def two_levels(policy: Policy, subject: Message | str, rows: int) -> Finding:
    """R2: `rows` patients have two levels at once, of columns of analyses with products: a sum with a third column
    tells how many of them have that."""
    if "R2.cell" not in policy.values:  # a run of an earlier protocol
        return cannot_judge("R2", str(subject), say("rules.beyond.products"), say("rules.instead.no_products"))
    remedy = say("rules.remedy.two_levels", least=_least(policy, "R2.cell"))
    return judge(policy, "R2.cell", subject, rows, remedy=remedy)


def cell(policy: Policy, subject: Message | str, smallest: int, *, is_ranked: bool = False) -> Finding:
    """R4: the smallest cell of a table at the site, or the smallest arm of ranks, has `smallest` patients. The site's
    own figure in both columns."""
    remedy = say(f"rules.remedy.cell{'_ranked' if is_ranked else ''}", least=_least(policy, "R4.cell"))
    return judge(policy, "R4.cell", subject, smallest, own=True, remedy=remedy)


def halved(policy: Policy, subject: str, fewest: int) -> Finding:
    """R4: the fewest patients of an arm in an interval of a number of which half is to be counted."""
    remedy = say("rules.remedy.halved", least=_least(policy, "R4.halved"))
    return judge(policy, "R4.halved", subject, fewest, remedy=remedy)


def weighted(policy: Policy, subject: str, populations: int) -> Finding:
    """R9: of so many weighted populations weights are added up in time."""
    remedy = say("rules.remedy.weighted")
    if "R9.weighted" not in policy.values:  # a run of an earlier protocol
        return cannot_judge("R9", subject, say("rules.beyond.weights"), remedy)
    return judge(policy, "R9.weighted", subject, populations, own=False, remedy=remedy)


def weighed(policy: Policy, subject: str, n: int) -> Finding:
    """R8: as how many patients those of a cell count, of whom weights are added up; a cell may have nobody."""
    if "R8.cell" not in policy.values:  # a run of an earlier protocol
        return cannot_judge("R8", subject, say("rules.beyond.weights"), say("rules.instead.later_version"))
    subject_ = say("rules.subject.weighted", name=subject)
    return judge(policy, "R8.cell", subject_, n, remedy=say("rules.remedy.weighed_cell"))


def weighed_sets(policy: Policy, subject: str, sets: int) -> Finding:
    """R8: of so many weighted sets weights are added up in tables."""
    if "R8.tables" not in policy.values:
        return cannot_judge("R8", subject, say("rules.beyond.weights"), say("rules.instead.later_version"))
    return judge(policy, "R8.tables", subject, sets, own=False, remedy=say("rules.remedy.weighed_sets"))


def block(policy: Policy, subject: str, fewest: int) -> Finding:
    """R9: the fewest patients of a block of steps whose weights are added up, divided by the number of endpoints."""
    if "R9.block" not in policy.values:
        return cannot_judge("R9", subject, say("rules.beyond.weights"), say("rules.remedy.weighted"))
    return judge(policy, "R9.block", subject, fewest, remedy=say("rules.remedy.block", k=policy.k))


def same_order(policy: Policy, subject: str, others: int) -> Finding:
    """R4: so many numbers whose quartiles are counted order the patients of the site as this one does. The site's own
    figure in both columns."""
    return judge(policy, "R4.same_order", subject, others, own=True, remedy=say("rules.remedy.same_order"))


def contributors(
    policy: Policy,
    subject: str,
    sites: int,
    of: Literal["patients", "number", "level"] = "patients",
    *,
    is_of_some: bool = True,
) -> Finding:
    """R12: `sites` sites have patients in the population `subject`; for a column of it, patients who differ in it.
    `is_of_some` is False where no patient of any site has a level, or all have it."""
    least = _least(policy, "R12.contributors")
    about: Message | str
    if of == "patients":
        about, remedy = subject, say("rules.remedy.contributors", least=least)
    elif of == "number":
        about = say("rules.subject.differing", column=subject)
        remedy = say("rules.remedy.contributors_number", least=least)
    else:
        about = say("rules.subject.with_and_without", column=subject)
        remedy = say("rules.remedy.contributors_level", least=least)
        if sites == 0:
            remedy = say(f"rules.remedy.contributors_{'apart' if is_of_some else 'none'}", least=least)
    # counted over all sites in both columns: never one site's own figure
    return judge(policy, "R12.contributors", about, sites, own=False, remedy=remedy)


def not_alone(policy: Policy, sites: int) -> Finding:
    """R13: `sites` sites tell nothing alone where all others tell their own estimates: what they have together can be
    had by subtraction."""
    remedy = say("rules.remedy.not_alone", least=_least(policy, "R13.sites"))
    return judge(policy, "R13.sites", NOT_ALONE, sites, own=False, remedy=remedy)


def split(policy: Policy, subject: str, asked: Sequence[str], allowed: Collection[str]) -> Finding:
    """R9: a curve is split by the variables `asked`; `allowed` are the study's arm and its adjusted populations.

    R11 judges any further split, which a site may approve by name if the study asks for it.
    """
    further = tuple(variable for variable in asked if variable not in allowed)
    name = "R11.further_splits" if further else "R9.further_splits"
    return judge(policy, name, subject, len(further), remedy=say("rules.remedy.split", variables=further))


def steps_at_risk(policy: Policy, subject: str, fewest: int) -> Finding:
    """R11: the fewest patients at risk in any step of a baseline hazard or of a curve by subgroup."""
    remedy = say("rules.remedy.at_risk", least=_least(policy, "R11.at_risk"))
    return judge(policy, "R11.at_risk", subject, fewest, remedy=remedy)


def per_time_with_covariates(policy: Policy, subject: str, covariates: int) -> Finding:
    """R11: sums by event time with covariates never leave a site; there is no exception."""
    return judge(policy, "R11.with_covariates", subject, covariates, remedy=say("rules.remedy.with_covariates"))


def _least(policy: Policy, name: str) -> str:
    return in_words(policy.values[name])
