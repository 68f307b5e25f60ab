"""Shared by sections that print proportions: one column per arm, then all patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from riskset.analyses.proportions import Comparison, Proportions
from riskset_report import notation
from riskset_report.blocks import Format, Row, Shown, Text
from riskset_report.cells import Place
from riskset_report.sections.section import Context


@dataclass(frozen=True)
class Counted:
    """The proportions of one level, and where their numbers are."""

    place: Place
    """Of the result."""
    quantity: str
    """Of the level: `rates[0]`."""
    found: Proportions

    def shown(self, level: str | None, form: Format, *keys: str) -> Text:
        """Returns numbers of one arm, or of all patients."""
        stem = f"{self.quantity}.{'overall' if level is None else 'arms'}"
        return (Shown(form, tuple(self.place.of(f"{stem}.{key}", level=level).id for key in keys)),)

    def compared(self, level: str, form: Format, *keys: str) -> Text:
        """Returns numbers of the comparison of an arm with the reference."""
        cells = (self.place.of(f"{self.quantity}.comparisons.{key}", level=level).id for key in keys)
        return (Shown(form, tuple(cells)),)

    @property
    def levels(self) -> tuple[str | None, ...]:
        """The arms, then all patients."""
        return (*(arm.level for arm in self.found.arms), None)


def proportion_row(of: Counted, label: str, *, is_inner: bool = True) -> Row:
    """Returns patients with it, all patients and percent."""
    return Row(label, tuple(of.shown(level, "proportion", "n", "of", "percent") for level in of.levels), is_inner)


def interval_row(of: Counted, context: Context) -> Row:
    """Returns the exact limits."""
    keys = ("clopper_pearson.lower", "clopper_pearson.upper")
    sizes = [arm.of for arm in (*of.found.arms, of.found.overall)]
    cells = [
        of.shown(level, "percent_interval", *keys) if n else (notation.NO_VALUE,)
        for level, n in zip(of.levels, sizes, strict=True)
    ]
    return Row(context.say("report.rows.interval_percent", interval=context.interval), tuple(cells), is_inner=True)


def comparison_rows(of: Counted, context: Context, *, with_ratios: bool) -> Iterator[Row]:
    """Yields difference, ratios and P, each in the column of its arm; nothing where no arms are compared."""
    if not of.found.comparisons:
        return
    limits = ("estimate", "lower", "upper")
    rows: list[tuple[str, Format, tuple[str, ...]]] = [
        ("difference", "percent_difference", tuple(f"difference.{key}" for key in limits))
    ]
    if with_ratios:
        rows += [
            ("odds_ratio", "ratio", tuple(f"odds_ratio.{key}" for key in limits)),
            ("risk_ratio", "ratio", tuple(f"risk_ratio.{key}" for key in limits)),
        ]
    rows.append(("p", "p_value", ("fisher.p",)))
    by_level = {one.level: one for one in of.found.comparisons}
    for name, form, keys in rows:
        label = context.say(f"report.compared.{name}", interval=context.interval)
        cells = tuple(_compared(of, level, by_level, form, keys, context) for level in of.levels)
        yield Row(label, cells, is_inner=True)


def _compared(
    of: Counted,
    level: str | None,
    by_level: dict[str, Comparison],
    form: Format,
    keys: tuple[str, ...],
    context: Context,
) -> Text:
    if level is None:
        return ("",)
    if level not in by_level:
        return (context.say("report.rows.reference"),) if form == "percent_difference" else ("",)
    return of.compared(level, form, *keys)
