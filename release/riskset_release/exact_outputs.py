"""Figures with exact curves, which are offered beside the gated ones and pass as exceptions only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from riskset.catalogue import Message, say
from riskset.errors import DataError, did_you_mean
from riskset.results import Results
from riskset_release.attacker.drawn_steps import DrawnStep, drawn_steps
from riskset_release.gate.exact import drawn_by, with_exact_curve
from riskset_release.gate.gated import Gated
from riskset_release.gated_outputs import drawing_html, verdicts_of, with_shown
from riskset_release.outputs import Output, Verdict
from riskset_report.figures.drawings import drawn
from riskset_report.figures.survival_figure import SurvivalFigure
from riskset_report.printed import figure_files, printed_report, printer_of
from riskset_report.printing import Printer
from riskset_report.provenance import Recorded
from riskset_report.report import report_of

RULE: Final = say("release.rule.exact")
_ENDING: Final = "-exact"
_MOST_TOLD: Final = 12
"""The most steps that are listed for one output; the others are counted."""


def exact_outputs(
    results: Results,
    gate: Gated,
    recorded: Recorded,
    outputs: Sequence[Output],
    figures: Sequence[str],
    language: str | None = None,
) -> list[Output]:
    """Returns, for each of the figures, an output that has the same curves with their exact steps. `results` are those
    before the gate, `outputs` those behind it, `figures` ids of the latter.

    Raises DataError where an id is no figure with curves, or its curves cannot be offered.
    """
    known = [one.id for one in outputs]
    offered = [_offered(results, gate, recorded, id_, known, language) for id_ in dict.fromkeys(figures)]
    for one in offered:
        if one.id in known:  # of an analysis that the study calls so
            raise DataError(say("release.exact.taken", output=one.id))
    return offered


def _offered(
    results: Results, gate: Gated, recorded: Recorded, id_: str, known: Sequence[str], language: str | None
) -> Output:
    report = gate.report(language=language)
    printed = printed_report(report, printer_of(report), recorded)
    block = next((one for one in printed.figures if f"figure-{one.name}" == id_), None)
    found = None if block is None else drawn_by(block.figure.result, gate.results)
    if block is None or found is None:
        hint = did_you_mean(id_, known) or say("release.exact.hint")
        raise DataError(say("release.exact.no_figure", figure=id_), hint)
    curve = with_exact_curve(results, gate, *found)
    exact = report_of(curve.results, None, language, is_released=True, has_exact_curves=True)
    exact = replace(exact, cells=curve.cells)
    blocks = (one for part in exact.parts for one in part.blocks)
    figure = next(one for one in blocks if isinstance(one, SurvivalFigure) and one.id == block.figure.id)
    return _output(figure, f"{block.name}{_ENDING}", printer_of(exact), gate)


def _output(figure: SurvivalFigure, name: str, printer: Printer, gate: Gated) -> Output:
    title = printer.say("release.exact.title", title=figure.title)
    files = figure_files(name, drawn(figure, printer))
    svg, least = files[f"figures/{name}.svg"], gate.results.study.disclosure.min_cell
    steps = drawn_steps(svg)
    small = [step for step in steps if step.is_small(least)]
    found = say("release.found.exact", n=len(small), steps=len(steps), largest=least - 1)
    in_both = [cell for cell in figure.cells if gate.cells.get(cell) is not None]
    output = Output(
        id=f"figure-{name}",
        kind="figure",
        title=title,
        asked=say("release.exact.asked"),
        html=drawing_html(svg, title),
        files=files,
        verdicts=[Verdict(RULE, found, passes=False, needs_exception=True), *verdicts_of(gate, in_both)],
        told=list(_told(small, figure, printer.unit)),
    )
    return with_shown(output, gate, in_both)


def _told(small: Sequence[DrawnStep], figure: SurvivalFigure, unit: str) -> Iterator[Message]:
    """Yields what a reader of the drawing proves of its steps."""
    units = say(f"report.unit.{unit}", n=2)
    for step in small[:_MOST_TOLD]:
        at = {"curve": figure.curves[step.curve - 1].label, "time": f"{step.time:.3g}", "unit": units}
        if step.least == step.largest:
            yield say("release.told.step", n=step.least, **at)
        else:
            yield say("release.told.steps", least=step.least, largest=step.largest, **at)
    if len(small) > _MOST_TOLD:
        yield say("release.told.more_steps", n=len(small) - _MOST_TOLD)
    yield say("release.told.exact")
