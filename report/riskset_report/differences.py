"""Differences and other numbers that may be negative, as journals print them with their limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from riskset_report.notation import DECIMALS_OF_UNIT, IN_ENGLISH, MOST_DECIMALS, NO_VALUE, Words


def difference_with_limits(
    difference: float | None,
    lower: float | None,
    upper: float | None,
    unit: str,
    days_per_unit: float,
    words: Words = IN_ENGLISH,
) -> str:
    """`−1.2 (−3.4 to 0.9)` from a difference and limits in days; more decimals if one of the limits would touch 0
    falsely."""
    if difference is None:
        return words.not_estimable
    numbers = [None if days is None else days / days_per_unit for days in (difference, lower, upper)]
    return _signed(_beside_zero(numbers, DECIMALS_OF_UNIT[unit]), words)


def percent_difference(
    difference: float | None, lower: float | None, upper: float | None, words: Words = IN_ENGLISH
) -> str:
    """`−18.6 (−28.9 to −6.9)` from probabilities; a dash where there is no difference."""
    if difference is None:
        return NO_VALUE
    numbers = [None if x is None else 100 * x for x in (difference, lower, upper)]
    return _signed(_beside_zero(numbers, 1), words)


def number_with_limits(
    number: float | None, lower: float | None, upper: float | None, words: Words = IN_ENGLISH
) -> str:
    """`0.132 (0.081 to 0.18)` from a number without a unit, three significant digits; a dash where there is none."""
    if number is None:
        return NO_VALUE
    return _signed((NO_VALUE if x is None else f"{x:.3g}" for x in (number, lower, upper)), words)


def _beside_zero(numbers: Sequence[float | None], decimals: int) -> list[str]:
    """Returns an estimate and its limits with as many decimals as no limit but 0 itself is printed as 0."""
    while any(limit and round(limit, decimals) == 0 for limit in numbers[1:]) and decimals < MOST_DECIMALS:
        decimals += 1
    # 0 is added because a rounded −0.04 is −0.0
    return [NO_VALUE if x is None else f"{round(x, decimals) + 0.0:.{decimals}f}" for x in numbers]


def _signed(texts: Iterable[str], words: Words) -> str:
    """Returns an estimate with its limits, of which any may be negative."""
    middle, low, high = (text.replace("-", "\N{MINUS SIGN}") for text in texts)
    return f"{middle} ({words.between(low, high)})"
