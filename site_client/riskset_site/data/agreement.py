"""Whether a site file matches a study: its names, the variables it maps, the levels it recodes to."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import Message, say
from riskset.disclosure.policy import K, default_policy, tightened
from riskset.errors import DataError, did_you_mean
from riskset.protocol.rule_column import column_for
from riskset.study.spec import BooleanVariable, CategoryVariable, NumberVariable, Study, Variable
from riskset.study.toml_table import Complaint
from riskset_site.data.site_file import SiteFile
from riskset_site.data.site_mapping import Mapped, MappedColumn, YearsBetween
from riskset_site.data.time_units import unit_days
from riskset_site.data.value_kinds import BOOLEANS


def disagreements(site: SiteFile, study: Study) -> Iterator[Complaint]:
    """Yields everything in the site file that the study does not know or forbids."""
    if site.study != study.id:
        yield Complaint(("study",), say("data.agreement.other_study", found=site.study, expected=study.id))
    if site.site not in study.sites:
        hint = did_you_mean(site.site, study.sites) or say("data.agreement.sites", sites=tuple(study.sites))
        yield Complaint(("site",), say("data.agreement.unknown_site", site=site.site), hint)
    yield from _wrong_limits(site, study)
    for name, mapped in site.map_.items():
        variable = study.variables.get(name)
        if variable is None:
            message = say("data.agreement.unknown_variable")
            yield Complaint(("map", name), message, did_you_mean(name, study.variables))
        elif variable.is_derived:
            message, hint = say("data.agreement.derived"), say("data.agreement.remove_derived")
            yield Complaint(("map", name), message, hint)
        else:
            yield from _wrong_mapping(name, mapped, variable)
            yield from _wrong_unit(name, mapped, study)
    yield from _levels_taken_for_missing(site, study)


def _wrong_limits(site: SiteFile, study: Study) -> Iterator[Complaint]:
    policy = default_policy(column_for(study.disclosure, len(study.sites)), study.disclosure.min_cell)
    for name in sorted(site.limits, key=lambda name: name != K):  # a stricter k makes other limits stricter
        try:
            policy = tightened(policy, {name: site.limits[name]})
        except DataError as error:
            path = ("limits", *name.split(".", 1))
            yield Complaint(path, _of_limit(error.message), error.hint)


def _of_limit(message: Message) -> Message:
    """Returns what is wrong with a limit, whose name stands before it."""
    what = message.code.rpartition(".")[2]
    if what not in ("looser", "not_a_number", "negative"):
        return message
    return say(f"data.agreement.limit.{what}", **{name: value for name, value in message.values if name != "name"})


def _wrong_mapping(name: str, mapped: Mapped, variable: Variable) -> Iterator[Complaint]:
    if isinstance(mapped, YearsBetween):
        if not isinstance(variable, NumberVariable):
            message = say("data.agreement.years_between", type=variable.type)
            yield Complaint(("map", name, "years_between"), message)
        return
    if mapped.other == "exclude" and not isinstance(variable, BooleanVariable | CategoryVariable):
        message, hint = say("data.agreement.cannot_exclude"), say("data.agreement.remove_exclude")
        yield Complaint(("map", name, "other"), message, hint)
    yield from _wrong_recode(name, mapped, variable)


def _wrong_unit(name: str, mapped: Mapped, study: Study) -> Iterator[Complaint]:
    if isinstance(mapped, YearsBetween) or mapped.unit is None or unit_days(name, study) is not None:
        return
    variable = study.variables[name]
    found = (isinstance(variable, NumberVariable) and variable.unit) or say("data.agreement.no_unit")
    yield Complaint(("map", name, "unit"), say("data.agreement.not_a_time", unit=found), say("data.agreement.of_times"))


def _wrong_recode(name: str, mapped: MappedColumn, variable: Variable) -> Iterator[Complaint]:
    if isinstance(variable, CategoryVariable):
        allowed: tuple[str, ...] = variable.levels
    elif isinstance(variable, BooleanVariable):
        allowed = tuple(BOOLEANS)
    else:
        return
    for text, meaning in mapped.recode.items():
        if meaning and meaning not in allowed:
            hint = did_you_mean(meaning, allowed) or say("data.agreement.values", values=allowed)
            yield Complaint(("map", name, "recode", text), say("data.agreement.unknown_value", value=meaning), hint)


def _levels_taken_for_missing(site: SiteFile, study: Study) -> Iterator[Complaint]:
    """A level that is also a missing code would silently lose its patients."""
    for name, variable in study.read_variables.items():
        mapped = site.mapped(name)
        if not isinstance(variable, CategoryVariable) or isinstance(mapped, YearsBetween):
            continue
        for level in variable.levels:
            if level in site.source.missing and level not in mapped.recode:
                message = say("data.agreement.level_is_missing", level=level, variable=name)
                hint = say("data.agreement.recode_level", level=level, variable=name)
                yield Complaint(("source", "missing"), message, hint)
