"""Whether a number rests on enough patients and events to be published."""

from __future__ import annotations

from functools import cached_property

from riskset.results import ResultEntry
from riskset_release.gate.counted import path_of
from riskset_release.gate.numbers import EVENTS, enough_events
from riskset_report.cells import Found, numbers_of


class Enough:
    """Judges the numbers of one result."""

    def __init__(self, entry: ResultEntry, least: int) -> None:
        """`least` is k of the rule."""
        self._entry, self._least = entry, least

    @cached_property
    def _counts(self) -> dict[tuple[str, str, str], list[int]]:
        """By path, variable and level: the whole numbers there."""
        found: dict[tuple[str, str, str], list[int]] = {}
        for number in numbers_of(self._entry):
            if isinstance(number.value, int):
                place = number.place
                found.setdefault((path_of(number), place.variable, place.level), []).append(number.value)
        return found

    def _at(self, path: str, variable: str | None = None, level: str | None = None) -> list[int]:
        return [
            n
            for (of, variable_, level_), values in self._counts.items()
            if of == path and variable in (None, variable_) and level in (None, level_)
            for n in values
        ]

    def holds(self, found: Found) -> bool:
        """Whether a number may be published. A kind that is not known here has none that may."""
        judge = getattr(self, f"_of_{self._entry.kind.replace('-', '_')}", None)
        return judge is not None and bool(judge(found))

    def has_events(self, found: Found) -> bool:
        """Whether a Cox model, or that of a subgroup, has enough events, whatever its levels have."""
        if self._entry.kind == "subgroup":
            return min(self._at("levels.events", level=found.place.level), default=0) >= EVENTS
        terms = {(n.place.variable, n.place.level) for n in numbers_of(self._entry) if path_of(n) == "terms.coef"}
        return enough_events(min(self._at("events") or self._at("effective_events"), default=None), len(terms))

    def _of_cox(self, found: Found) -> bool:
        levels = [*self._at("levels.n"), *self._at("levels.events")]
        return self.has_events(found) and all(n >= self._least for n in levels)

    def _of_cumulative_incidence(self, found: Found) -> bool:
        if self._at("events"):  # its Fine-Gray model
            return self._of_cox(found)
        return self._is_followed()

    def _of_km(self, found: Found) -> bool:
        path = path_of(found)
        if path.startswith(("overall.", "arms.")):  # a quartile has k patients on each side
            at = self._at("arms.n", level=found.place.level) if path.startswith("arms.") else self._at("overall.n")
            return all(n >= 4 * self._least for n in at)
        return self._is_followed()

    def _of_follow_up(self, found: Found) -> bool:
        return self._of_km(found)

    def _of_rmst(self, found: Found) -> bool:
        return self._is_followed()

    def _is_followed(self) -> bool:
        """Whether so many are followed, and so many had the event, that a test of curves or a mean, with three digits,
        does not tell on which days: of two arms of 20 patients with 5 and 6 events in three steps of the grid, a
        log-rank test told the days in 11 of 15 draws; with 10 and 11 events, in none."""
        least = max(self._least, EVENTS)
        events = self._at("overall.events") or self._at("overall.causes.events")
        is_enough = sum(events) >= 4 * self._least
        return is_enough and all(n >= least for n in [*self._at("arms.n"), *self._at("overall.n")])

    def _of_subgroup(self, found: Found) -> bool:
        path, level = path_of(found), found.place.level
        of = ("overall",) if path.startswith("overall") else ("levels",)
        within = level if path.startswith("levels") else None
        events = [n for part in of for n in self._at(f"{part}.events", level=within)]
        by_arm = [n for part in of for n in self._at(f"{part}.by_arm.events", level=within)]
        return bool(events) and min(events) >= EVENTS and all(n >= self._least for n in by_arm)

    def _of_site_heterogeneity(self, found: Found) -> bool:
        if path_of(found).startswith("sites."):
            around = found.inside[1][0]
            return int(around.get("events") or 0) >= EVENTS and int(around.get("n") or 0) >= EVENTS
        return min(self._at("events"), default=0) >= EVENTS

    def _of_propensity(self, found: Found) -> bool:
        terms = sum(path_of(n) == "terms.coef" for n in numbers_of(self._entry))
        n, treated = min(self._at("n"), default=0), min(self._at("treated"), default=0)
        return enough_events(min(treated, n - treated), terms)

    def _of_balance(self, found: Found) -> bool:
        of = [*self._at("matched.treated"), *self._at("matched.control"), *self._at("effective.treated")]
        return all(n >= EVENTS for n in [*of, *self._at("effective.control")])

    def _of_table1(self, found: Found) -> bool:
        known = self._at("variables.arms.n", found.place.variable, found.place.level)
        least = 4 * self._least if "quartiles" in found.place.quantity else max(self._least, EVENTS)
        return bool(known) and min(known) >= least
