"""Whether a site file matches a study: its names, the variables it maps, the levels it recodes to."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import Message, say
from riskset.disclosure.policy import K, default_policy, tightened
from riskset.errors import DataError, did_you_mean
from riskset.protocol.rule_column import column_for
from riskset.study.spec import BooleanVariable, CategoryVariable, DateVariable, NumberVariable, Study, Variable
from riskset.study.toml_table import Complaint, TomlTable
from riskset_site.data.site_file import SiteFile
from riskset_site.data.site_mapping import AnyMapped, AnyOf, ColumnReading, DateWhere, YearsBetween
from riskset_site.data.time_units import unit_days
from riskset_site.data.time_words import time_unit
from riskset_site.data.value_kinds import BOOLEANS
from riskset_site.data.width import in_one_width


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
            if mapped.take is not None and site.source.rows is None:
                yield Complaint(("map", name, "take"), say("data.agreement.take_without_rows"))
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


_TYPES_OF_FORM: dict[type[TomlTable], tuple[str, tuple[type[TomlTable], ...]]] = {
    YearsBetween: ("years_between", (NumberVariable,)),
    DateWhere: ("date", (DateVariable,)),
    AnyOf: ("any_of", (BooleanVariable, CategoryVariable)),
}
"""Forms that give values of certain types, and the key by which they are known."""
_OF_NUMBERS = ("factor", "decimal", "thousands", "below_limit", "above_limit")


def _wrong_mapping(name: str, mapped: AnyMapped, variable: Variable) -> Iterator[Complaint]:
    key, types = _TYPES_OF_FORM.get(type(mapped), ("", ()))
    if types and not isinstance(variable, types):
        yield Complaint(("map", name, key), say(f"data.agreement.{key}", type=variable.type))
        return
    if isinstance(mapped, AnyOf):
        yield from _wrong_boxes(name, mapped, variable)
    if mapped.take in ("max", "min") and isinstance(variable, CategoryVariable):
        yield Complaint(("map", name, "take"), say("data.agreement.no_order"))
    if not isinstance(mapped, ColumnReading):
        return
    if mapped.other == "exclude" and not isinstance(variable, BooleanVariable | CategoryVariable):
        message, hint = say("data.agreement.cannot_exclude"), say("data.agreement.remove_exclude")
        yield Complaint(("map", name, "other"), message, hint)
    for key in _OF_NUMBERS:
        if getattr(mapped, key) is not None and not isinstance(variable, NumberVariable):
            yield Complaint(("map", name, key), say("data.agreement.of_numbers", type=variable.type))
    if mapped.dates is not None and not isinstance(variable, DateVariable):
        yield Complaint(("map", name, "dates"), say("data.agreement.of_dates", type=variable.type))
    yield from _wrong_recode(name, mapped, variable)
    if isinstance(variable, NumberVariable):
        yield from _other_limit(name, mapped, variable)


def _wrong_boxes(name: str, mapped: AnyOf, variable: Variable) -> Iterator[Complaint]:
    allowed = _values_of(variable) or ()
    said: list[tuple[tuple[str, ...], str]] = [(("any_of", column), level) for column, level in mapped.any_of.items()]
    said += [(("none",), mapped.none)] if mapped.none is not None else []
    for path, level in said:
        if level not in allowed:
            hint = did_you_mean(level, allowed) or say("data.agreement.values", values=allowed)
            yield Complaint(("map", name, *path), say("data.agreement.unknown_value", value=level), hint)


def _other_limit(name: str, mapped: ColumnReading, variable: NumberVariable) -> Iterator[Complaint]:
    """A study that says what a limit of detection means says it for all its sites."""
    for key in ("below_limit", "above_limit"):
        here, of_study = getattr(mapped, key), getattr(variable, key)
        if here is not None and of_study is not None and here != of_study:
            yield Complaint(("map", name, key), say("data.agreement.limit_of_study", found=here, expected=of_study))


def _wrong_unit(name: str, mapped: AnyMapped, study: Study) -> Iterator[Complaint]:
    """Yields what keeps a unit from being converted: neither is it a time in days, weeks, months or years, nor is there
    a factor; and a factor whose unit nobody can read."""
    if not isinstance(mapped, ColumnReading):
        return
    if mapped.unit is None:
        if mapped.factor is not None:
            yield Complaint(("map", name, "factor"), say("data.agreement.factor_without_unit"))
        return
    variable = study.variables[name]
    if not isinstance(variable, NumberVariable):
        yield Complaint(("map", name, "unit"), say("data.agreement.not_a_number", type=variable.type))
        return
    is_time, of_study = unit_days(name, study) is not None, variable.unit
    if mapped.factor is not None or _same_unit(of_study, mapped.unit) or (is_time and time_unit(mapped.unit)):
        return
    if is_time:
        message, hint = say("data.agreement.unit_of_days", found=mapped.unit), say("data.agreement.units_of_time")
    else:
        message = say("data.agreement.no_factor", found=mapped.unit, expected=of_study)
        hint = say("data.agreement.write_factor", expected=of_study)
    if is_time or of_study:  # a study that names no unit leaves it to the site
        yield Complaint(("map", name, "unit"), message, hint)


def _same_unit(one: str, other: str) -> bool:
    return in_one_width(one).casefold() == in_one_width(other).casefold()


def _values_of(variable: Variable) -> tuple[str, ...] | None:
    if isinstance(variable, CategoryVariable):
        return variable.levels
    return tuple(BOOLEANS) if isinstance(variable, BooleanVariable) else None


def _wrong_recode(name: str, mapped: ColumnReading, variable: Variable) -> Iterator[Complaint]:
    allowed = _values_of(variable)
    if allowed is None:
        return
    for key in ("recode", "pattern"):
        for text, meaning in getattr(mapped, key).items():
            if meaning and meaning not in allowed:
                hint = did_you_mean(meaning, allowed) or say("data.agreement.values", values=allowed)
                yield Complaint(("map", name, key, text), say("data.agreement.unknown_value", value=meaning), hint)


def _levels_taken_for_missing(site: SiteFile, study: Study) -> Iterator[Complaint]:
    """A level that is also a missing code would silently lose its patients."""
    for name, variable in study.read_variables.items():
        mapped = site.mapped(name)
        if not isinstance(variable, CategoryVariable) or not isinstance(mapped, ColumnReading):
            continue
        for level in variable.levels:
            if level in site.source.missing and level not in mapped.recode:
                message = say("data.agreement.level_is_missing", level=level, variable=name)
                hint = say("data.agreement.recode_level", level=level, variable=name)
                yield Complaint(("source", "missing"), message, hint)
