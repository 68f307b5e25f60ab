"""Numbers as journals print them: P values, ratios and times with their limits.

Numbers in, text out; a missing limit is None. numbers.csv has the full precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import Literal

from riskset.catalogue import ENGLISH, say

NO_VALUE = "–"

DECIMALS_OF_UNIT = {"day": 1, "week": 1, "month": 1, "year": 2}
MOST_DECIMALS = 5
_LARGEST_WHOLE = 1e6


@dataclass(frozen=True)
class Words:
    """The few words beside numbers, in one language."""

    language: str = ENGLISH

    @property
    def not_reached(self) -> str:
        return self._say("report.notation.not_reached")

    @property
    def not_estimable(self) -> str:
        return self._say("report.notation.not_estimable")

    @property
    def few(self) -> str:
        """In place of a count that a rule withholds."""
        return self._say("report.notation.few")

    @property
    def zero(self) -> str:
        """Before the point of a P value."""
        return self._say("report.notation.zero")

    def confidence(self, level: float) -> str:
        """`95% CI`."""
        return self._say("report.notation.confidence", level=f"{100 * level:g}%")

    def between(self, lower: str, upper: str) -> str:
        """`−3.4 to 0.9`, where a dash would be taken for a sign."""
        return self._say("report.notation.between", lower=lower, upper=upper)

    def separated(self, limit: str) -> str:
        return self._say("report.notation.separated", limit=limit)

    def with_interval(self, estimate: str, interval: str, limits: str) -> str:
        """`0.56 (95% CI 0.40–0.80)`."""
        return self._say("report.notation.with_interval", estimate=estimate, interval=interval, limits=limits)

    def _say(self, code: str, /, **values: str) -> str:
        return say(code, **values).in_language(self.language)


IN_ENGLISH = Words()


def count(n: float | None, words: Words = IN_ENGLISH) -> str:
    """A count with thousands separators; weighted counts, which are not whole, keep one decimal."""
    if n is None:
        return words.few
    return f"{n:,.0f}" if float(n).is_integer() else f"{n:,.1f}"


def left_out(before: float | None, after: float | None, words: Words = IN_ENGLISH) -> str:
    """How many of a set are not in the next one."""
    return count(None if before is None or after is None else before - after, words)


def size(n: float | None, events: float | None, words: Words = IN_ENGLISH) -> str:
    """`114 (64)`: patients and, of them, events."""
    return f"{count(n, words)} ({count(events, words)})"


def count_with_percent(n: float | None, percent: float | None, words: Words = IN_ENGLISH) -> str:
    """`205 (68.1)`; a dash in place of the percentage of nobody."""
    return f"{count(n, words)} ({NO_VALUE if percent is None else f'{percent:.1f}'})"


def percent(value: float | None) -> str:
    return NO_VALUE if value is None else f"{value:.1f}%"


def mean_with_sd(mean: float | None, sd: float | None) -> str:
    """`62.1 (11.1)`: three digits of the standard deviation, whole numbers beyond; a dash without a mean."""
    if mean is None:
        return NO_VALUE
    decimals = 2 if not sd else min(max(2 - floor(log10(sd)), 0), MOST_DECIMALS)
    text = f"{mean:,.{decimals}f} ({NO_VALUE if sd is None else f'{sd:,.{decimals}f}'})"
    return text.replace("-", "\N{MINUS SIGN}")


def median_with_quartiles(
    median: float | None, lower: float | None, upper: float | None, words: Words = IN_ENGLISH
) -> str:
    """`154 (12.5–1,203)`, three significant digits, whole numbers beyond; a dash where there is none."""
    if median is None:
        return NO_VALUE
    middle, low, high = (NO_VALUE if value is None else _three_digits(value) for value in (median, lower, upper))
    quartiles = words.between(low, high) if "\N{MINUS SIGN}" in low + high else f"{low}–{high}"
    return f"{middle} ({quartiles})"


def _three_digits(value: float) -> str:
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}")


def standardised(value: float | None) -> str:
    """`0.57`, a standardised difference; a dash where there is none."""
    return NO_VALUE if value is None else f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")


def p_value(p: float | None, words: Words = IN_ENGLISH) -> str:
    """`.03`, `.004`, `<.001`, `>.99` as the AMA Manual of Style (11th ed., 18.4.2) prints them; journals in other
    languages print the zero before the point.

    More digits are printed where two would move a value to the other side of .05.
    """
    if p is None:
        return NO_VALUE
    if p < 0.001:
        return f"<{words.zero}.001"
    if p > 0.99:
        return f">{words.zero}.99"
    decimals = 3 if p < 0.01 else 2
    while (float(f"{p:.{decimals}f}") < 0.05) != (p < 0.05):
        decimals += 1
    return words.zero + f"{p:.{decimals}f}".removeprefix("0")


def p_phrase(p: float | None, words: Words = IN_ENGLISH) -> str:
    """The same inside a sentence: `P = .03`, `P < .001`."""
    text = p_value(p, words)
    return f"P {text[0]} {text[1:]}" if text[0] in "<>" else f"P = {text}"


def ratio(hr: float | None, lower: float | None, upper: float | None, words: Words = IN_ENGLISH) -> str:
    """`0.56 (0.40–0.80)`: two decimals, or more if two would make the limits equal or make one touch 1 falsely."""
    if hr is None and lower is None and upper is None:
        return words.not_estimable
    estimate, limits = _ratio(hr, lower, upper, words)
    return f"{estimate} ({limits})"


def ratio_95(hr: float | None, lower: float | None, upper: float | None, words: Words = IN_ENGLISH) -> str:
    """`0.56 (95% CI 0.40–0.80)`, inside a sentence."""
    estimate, limits = _ratio(hr, lower, upper, words)
    return words.with_interval(estimate, words.confidence(0.95), limits)


def _ratio(hr: float | None, lower: float | None, upper: float | None, words: Words) -> tuple[str, str]:
    decimals = _decimals(lower, upper)
    estimate, low, high = (_decimal(value, decimals, words) for value in (hr, lower, upper))
    return estimate, f"{low}–{high}"


def ratio_interval(lower: float | None, upper: float | None, words: Words = IN_ENGLISH) -> str:
    """`0.40–0.80`, as in a ratio; a dash where there is none."""
    if lower is None and upper is None:
        return NO_VALUE
    decimals = _decimals(lower, upper)
    return f"{_decimal(lower, decimals, words)}–{_decimal(upper, decimals, words)}"


def _decimals(lower: float | None, upper: float | None) -> int:
    decimals = 2
    while _misleads(lower, upper, decimals) and decimals < MOST_DECIMALS:
        decimals += 1
    return decimals


def separated(hr: float | None, side: Literal["lower", "upper"], words: Words = IN_ENGLISH) -> str:
    """`> 2.31 (separated)`: the finite limit of a profile likelihood interval that is unbounded on the other side."""
    sign, decimals = ">" if side == "lower" else "<", 2
    if hr is None:
        return words.not_estimable
    while hr != 1 and round(hr, decimals) in (0, 1) and decimals < MOST_DECIMALS:
        decimals += 1
    text = f"{hr:.1g}" if round(hr, decimals) == 0 else _decimal(hr, decimals, words)
    return words.separated(f"{sign} {text}")


def _misleads(lower: float | None, upper: float | None, decimals: int) -> bool:
    if lower is None or upper is None:
        return False
    low, high = round(lower, decimals), round(upper, decimals)
    return low == high or (low <= 1 < lower) or (upper < 1 <= high)


def _decimal(value: float | None, decimals: int, words: Words) -> str:
    """`0.56`; `<0.01`, since no ratio of hazards is 0; whole from 1000 on, `1,366`, and `1.6e+87` beyond a million."""
    if value is None:
        return words.not_estimable
    if value >= 1000:
        return f"{value:,.0f}" if value < _LARGEST_WHOLE else f"{value:.2g}"
    is_lost = value > 0 == round(value, decimals)
    return f"<{10.0**-decimals:.{decimals}f}" if is_lost else f"{value:.{decimals}f}"


def time(days: float | None, unit: str, days_per_unit: float, words: Words = IN_ENGLISH) -> str:
    """Days in the study's unit, or `NR` if the curve does not fall that far."""
    if days is None:
        return words.not_reached
    text = f"{days / days_per_unit:.{DECIMALS_OF_UNIT[unit]}f}"
    return text.removesuffix(".0") if unit == "day" else text


def time_with_limits(
    estimate: float | None,
    lower: float | None,
    upper: float | None,
    unit: str,
    days_per_unit: float,
    words: Words = IN_ENGLISH,
) -> str:
    """`9.4 (7.4–11.3)` from an estimate and limits in days."""
    middle, low, high = (time(days, unit, days_per_unit, words) for days in (estimate, lower, upper))
    return f"{middle} ({low}–{high})"


def mean_with_limits(
    mean: float | None,
    lower: float | None,
    upper: float | None,
    unit: str,
    days_per_unit: float,
    words: Words = IN_ENGLISH,
) -> str:
    """`14.7 (12.9–16.5)` from a mean and limits in days; a dash if there is no mean, no limits if there is no error."""
    if mean is None:
        return NO_VALUE
    if lower is None and upper is None:
        return f"{time(mean, unit, days_per_unit, words)} ({words.not_estimable})"
    return time_with_limits(mean, lower, upper, unit, days_per_unit, words)


def percent_with_limits(
    survival: float | None, lower: float | None, upper: float | None, words: Words = IN_ENGLISH, decimals: int = 1
) -> str:
    """`65.8 (56.8–73.4)` from probabilities; a dash if there is no survival, as in an arm without patients; no limits
    if the curve has fallen to 0."""
    if survival is None:
        return NO_VALUE
    if lower is None and upper is None:
        return f"{100 * survival:.{decimals}f} ({words.not_estimable})"
    estimate, low, high = (
        NO_VALUE if value is None else f"{100 * value:.{decimals}f}" for value in (survival, lower, upper)
    )
    return f"{estimate} ({low}–{high})"


def proportion(n: float | None, of: float | None, percent: float | None, words: Words = IN_ENGLISH) -> str:
    """`12/56 (21.4)`; a dash for the percentage of nobody."""
    share = NO_VALUE if percent is None else f"{percent:.1f}"
    return f"{count(n, words)}/{count(of, words)} ({share})"


def percent_interval(lower: float | None, upper: float | None) -> str:
    """`11.6–34.4` from limits of a probability."""
    low, high = (NO_VALUE if value is None else f"{100 * value:.1f}" for value in (lower, upper))
    return f"{low}–{high}"


def chi_square(chi2: float | None, df: int, p: float | None, words: Words = IN_ENGLISH) -> str:
    """`χ² = 9.55 (df 1, P = .002)`."""
    value = NO_VALUE if chi2 is None else f"{chi2:.2f}"
    return f"χ² = {value} (df {df:g}, {p_phrase(p, words)})"
