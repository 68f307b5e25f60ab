"""Which count of patients each number of a run is: two numbers that count the same patients are one count.

A number is found by its kind of analysis and its path in results.json (docs/results.md). A whole number of patients
that no rule here knows is not published: the gate holds it back by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from riskset.analyses.excluded import MISSING, NOT_ADJUSTED
from riskset.analyses.methods.preference import FORMS, MIDDLE, interval_name
from riskset.results import ResultEntry, Results
from riskset_report.cells import Found

ROWS, EVENTS, CENSORED, EXCLUDED = "patients", "events", "without the event", "excluded"
KNOWN = "with a value"
ELIGIBLE: Final = "eligible patients"
INTERVAL, EQUIPOISE = "preference score", "preference score in equipoise"
TO_DAY: Final = " to day "
"""Between the name of events and the last day of a grid, after which curves count nobody."""

Where = tuple[tuple[str, str], ...]


@dataclass(frozen=True, order=True)
class Count:
    """Patients of a set, or some of them."""

    of: str
    """The set."""
    what: str = ROWS
    where: Where = ()
    """Variables with their levels, and what else tells them apart, sorted."""
    label: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        where = ", ".join(f"{variable}={level}" for variable, level in self.where)
        return f"{self.what} of {self.of}{f' with {where}' if where else ''}"

    def is_margin(self, arm: str) -> bool:
        """Whether it is of all of the set, or of one arm."""
        return {variable for variable, _ in self.where} <= {arm}

    def at(self, *where: tuple[str, str], what: str | None = None) -> Count:
        return Count(self.of, what or self.what, tuple(sorted({*self.where, *where})))


def arm_of(results: Results) -> str:
    """Returns the study's variable of the arm; empty where no arms are compared."""
    return results.study.comparison.arm if results.study.comparison else ""


_INDEX: Final = re.compile(r"\[[^\]]*\]")


def path_of(found: Found) -> str:
    """Returns the path of a number without indices."""
    return _INDEX.sub("", found.place.quantity)


def counted(entry: ResultEntry, found: Found, arm: str) -> Count | None:
    """Returns which patients a number of a result counts; None of a number that is no count, or that nobody knows.
    `arm` is the study's variable of the arm."""
    kind, path = entry.kind, path_of(found)
    inside = _merged(found)
    common = _common(entry, path, inside)
    if common is not None:
        return common
    rule = _RULES.get((kind, path)) or _RULES.get(("", path))
    if rule is None:
        return None
    count: Count = rule(Count(entry.analysis.analysis_set), inside, found, arm)
    if not count.what.startswith((EVENTS, CENSORED)):
        return count
    grid = found.inside[0][0].get("grid")
    until = f"{TO_DAY}{grid['max_days']}" if grid else ""
    # two endpoints may be of the same patients
    return replace(count, what=f"{count.what} ({entry.analysis.endpoint}){until}")


def of_all_days(count: Count) -> Count:
    """Returns the count of those with the event on any day, for those who had it before the end of a grid."""
    return replace(count, what=count.what.partition(TO_DAY)[0])


def _merged(found: Found) -> dict[str, Any]:
    """Returns the named objects around a number, the inner ones first."""
    merged: dict[str, Any] = {}
    for around, _ in found.inside[1:]:
        merged |= {key: value for key, value in around.items() if isinstance(value, str)}
    return merged


def _common(entry: ResultEntry, path: str, inside: Mapping[str, Any]) -> Count | None:
    own = Count(entry.analysis.analysis_set)
    if path == "analysed":
        return own
    if path == "excluded.n":
        return own.at(("reason", inside["reason"]), what=EXCLUDED)
    if path == "excluded.variables.n":
        return Count(ELIGIBLE, MISSING, (("variable", inside["variable"]),))
    return None


def _whole(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    return own


def _events(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    return own.at(what=EVENTS)


def _censored(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    return own.at(what=CENSORED)


def _in_arm(what: str) -> Any:  # noqa: ANN401 - a rule
    return lambda own, inside, found, arm: own.at((arm, found.place.level), what=what)


def _in_level(what: str) -> Any:  # noqa: ANN401
    return lambda own, inside, found, arm: own.at((found.place.variable, found.place.level), what=what)


def _by_arm(what: str, *, in_level: bool) -> Any:  # noqa: ANN401
    def rule(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
        of_level = [(found.place.variable, found.place.level)] if in_level else []
        return own.at((arm, inside["arm"]), *of_level, what=what)

    return rule


def _of_cause(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    of_arm = [(arm, found.place.level)] if found.place.level else []
    return own.at(*of_arm, what=f"{EVENTS}: {inside['cause']}")


def _of_rate(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    of_arm = [(arm, found.place.level)] if found.place.level else []
    return own.at(*of_arm, what=f"{inside['rate']} by {found.inside[0][0]['outcome']}")


def _of_term(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    of_arm = [(arm, found.place.level)] if found.place.level else []
    return own.at(*of_arm, what=f"{inside.get('term', 'any')}, grade {inside['grade']}")


def _exposed(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    return own.at(*([(arm, found.place.level)] if found.place.level else []))


def _at_site(what: str) -> Any:  # noqa: ANN401
    return lambda own, inside, found, arm: own.at(("site", inside["site"]), what=what)


def _of_step(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    of_arm = [(arm, found.place.level)] if found.place.level else []
    return Count(f"box {inside['id']}", ROWS, tuple(of_arm))


def _missing_in_flow(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    of_arm = [(arm, found.place.level)] if found.place.level else []
    return Count(ELIGIBLE, MISSING, tuple(sorted([("variable", found.place.variable), *of_arm])))


def _of_table(what: str) -> Any:  # noqa: ANN401
    def rule(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
        level, _, of = found.place.level.partition(" / ")
        of_arm = [] if level == "all" else [(arm, level)]
        of_level = [(found.place.variable, of)] if of else []
        if what == MISSING:
            return own.at(*of_arm, ("variable", found.place.variable), what=MISSING)
        if what == KNOWN:
            return own.at(*of_arm, ("variable", found.place.variable), what=KNOWN)
        return own.at(*of_arm, *of_level)

    return rule


def _of_group(key: str) -> Any:  # noqa: ANN401
    """Of the arm that is compared, or of its reference."""

    def rule(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
        of_arm = found.inside[0][0]["arm"]
        return own.at((of_arm["variable"], of_arm[key]))

    return rule


def _of_interval(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    level, _, interval = found.place.level.partition(" / ")
    return own.at((arm, level), (INTERVAL, interval))


def _in_equipoise(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    """One of the intervals, or several together: then it is no level beside them."""
    is_interval = inside["form"] in (form.name for form in FORMS if MIDDLE in form.intervals)
    return own.at((arm, found.place.level), (INTERVAL if is_interval else EQUIPOISE, interval_name(MIDDLE)))


def _unmatched(own: Count, inside: Mapping[str, Any], found: Found, arm: str) -> Count:
    return own.at(("reason", NOT_ADJUSTED), what=EXCLUDED)


_RULES: Final[Mapping[tuple[str, str], Any]] = {
    ("", "n"): _whole,
    ("", "events"): _events,
    ("", "overall.n"): _whole,
    ("", "overall.events"): _events,
    ("", "overall.censored"): _censored,
    ("", "arms.n"): _in_arm(ROWS),
    ("", "arms.events"): _in_arm(EVENTS),
    ("", "arms.censored"): _in_arm(CENSORED),
    ("", "levels.n"): _in_level(ROWS),
    ("", "levels.events"): _in_level(EVENTS),
    ("subgroup", "overall.by_arm.n"): _by_arm(ROWS, in_level=False),
    ("subgroup", "overall.by_arm.events"): _by_arm(EVENTS, in_level=False),
    ("subgroup", "levels.by_arm.n"): _by_arm(ROWS, in_level=True),
    ("subgroup", "levels.by_arm.events"): _by_arm(EVENTS, in_level=True),
    ("cumulative-incidence", "overall.causes.events"): _of_cause,
    ("cumulative-incidence", "arms.causes.events"): _of_cause,
    ("response", "rates.overall.n"): _of_rate,
    ("response", "rates.arms.n"): _of_rate,
    ("response", "rates.overall.of"): _exposed,
    ("response", "rates.arms.of"): _exposed,
    ("adverse-events", "exposed.n"): _exposed,
    ("adverse-events", "any.overall.n"): _of_term,
    ("adverse-events", "any.arms.n"): _of_term,
    ("adverse-events", "any.overall.of"): _exposed,
    ("adverse-events", "any.arms.of"): _exposed,
    ("adverse-events", "terms.grades.overall.n"): _of_term,
    ("adverse-events", "terms.grades.arms.n"): _of_term,
    ("adverse-events", "terms.grades.overall.of"): _exposed,
    ("adverse-events", "terms.grades.arms.of"): _exposed,
    ("site-heterogeneity", "sites.n"): _at_site(ROWS),
    ("site-heterogeneity", "sites.events"): _at_site(EVENTS),
    ("flow", "steps.n"): _of_step,
    ("flow", "steps.by_arm.n"): _of_step,
    ("flow", "missing.n"): _missing_in_flow,
    ("flow", "missing.by_arm.n"): _missing_in_flow,
    ("balance", "matched.treated"): _of_group("level"),
    ("balance", "matched.control"): _of_group("reference"),
    ("balance", "matched.unmatched"): _unmatched,
    ("propensity", "treated"): _of_group("level"),
    ("propensity", "preference.arms.n"): _in_arm(ROWS),
    ("propensity", "preference.arms.intervals.n"): _of_interval,
    ("propensity", "preference.arms.equipoise"): _in_equipoise,
    ("table1", "n.n"): _of_table(ROWS),
    ("table1", "variables.arms.n"): _of_table(KNOWN),
    ("table1", "variables.arms.missing"): _of_table(MISSING),
    ("table1", "variables.arms.levels.n"): _of_table(ROWS),
}
