"""Whether a site file belongs to a study: its names, the variables it maps, the levels it recodes to."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.disclosure.policy import K, default_policy, tightened
from riskset.errors import DataError, did_you_mean
from riskset.protocol.taking_part import column_for
from riskset.study.spec import BooleanVariable, CategoryVariable, NumberVariable, Study, Variable
from riskset.study.toml_table import Complaint
from riskset_site.data.site_file import ColumnOfTexts, Mapped, SiteFile, YearsBetween
from riskset_site.data.texts import TRUTHS


def disagreements(site: SiteFile, study: Study) -> Iterator[Complaint]:
    """Yields everything the site file says that the study knows nothing of, or forbids."""
    if site.study != study.id:
        yield Complaint(("study",), f"this file is for {site.study!r}, the study is {study.id!r}")
    if site.site not in study.sites:
        hint = did_you_mean(site.site, study.sites) or f"its sites are {', '.join(study.sites)}"
        yield Complaint(("site",), f"the study has no site {site.site!r}", hint)
    yield from _wrong_limits(site, study)
    for name, mapped in site.map_.items():
        variable = study.variables.get(name)
        if variable is None:
            yield Complaint(("map", name), "is no variable of the study", did_you_mean(name, study.variables))
        else:
            yield from _wrong_mapping(name, mapped, variable)
    yield from _levels_taken_for_missing(site, study)


def _wrong_limits(site: SiteFile, study: Study) -> Iterator[Complaint]:
    policy = default_policy(column_for(study.disclosure, len(study.sites)), study.disclosure.min_cell)
    for name in sorted(site.limits, key=lambda name: name != K):  # a stricter k makes other limits stricter
        try:
            policy = tightened(policy, {name: site.limits[name]})
        except DataError as error:
            path = ("limits", *name.split(".", 1))
            yield Complaint(path, str(error).removeprefix(f"{name}: "), error.hint)


def _wrong_mapping(name: str, mapped: Mapped, variable: Variable) -> Iterator[Complaint]:
    if isinstance(mapped, YearsBetween):
        if not isinstance(variable, NumberVariable):
            message = f"gives a number of years, and the variable is a {variable.type}"
            yield Complaint(("map", name, "years_between"), message)
        return
    if mapped.other == "exclude" and not isinstance(variable, BooleanVariable | CategoryVariable):
        message = "rows can be excluded by a category or a boolean only: what cannot be read here is a mistake"
        yield Complaint(("map", name, "other"), message, 'take other = "exclude" out')
    yield from _wrong_recode(name, mapped, variable)


def _wrong_recode(name: str, mapped: ColumnOfTexts, variable: Variable) -> Iterator[Complaint]:
    if isinstance(variable, CategoryVariable):
        allowed: tuple[str, ...] = variable.levels
    elif isinstance(variable, BooleanVariable):
        allowed = tuple(TRUTHS)
    else:
        return
    for text, meaning in mapped.recode.items():
        if meaning and meaning not in allowed:
            hint = did_you_mean(meaning, allowed) or f"the study knows {', '.join(map(repr, allowed))}"
            yield Complaint(("map", name, "recode", text), f"{meaning!r} is no value of the study", hint)


def _levels_taken_for_missing(site: SiteFile, study: Study) -> Iterator[Complaint]:
    """A level that is also a missing code would silently lose its patients."""
    for name, variable in study.variables.items():
        mapped = site.mapped(name)
        if not isinstance(variable, CategoryVariable) or isinstance(mapped, YearsBetween):
            continue
        for level in variable.levels:
            if level in site.source.missing and level not in mapped.recode:
                message = f"{level!r} stands for missing, and is a level of {name}"
                yield Complaint(
                    ("source", "missing"), message, f"take it out, or map {name} with a recode of {level!r}"
                )
