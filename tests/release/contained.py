"""Every number that a release prints is one of its own cells, in one of the forms in which people print numbers, or is
printed also where every cell is held back: of the study, the program or the references."""

import re
from collections import Counter
from dataclasses import replace

from tests.release.conftest import RECORDED

from riskset_release.attacker.drawing import axis_labels
from riskset_release.attacker.folder import said_in
from riskset_release.attacker.pdf import read_pdf
from riskset_release.attacker.svg import read_svg
from riskset_release.gated_outputs import METHODS, outputs_of
from riskset_report.cells import Mark
from riskset_report.printed import places_of, printed_report, printer_of

NUMBER = re.compile(r"(?<![\w.])(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?![\w])")
CONSTANTS = {".001", ".99", "20"}
"""In place of a P value that is smaller or larger; and how many an error of a weighted curve rests on at least."""


def numbers_in(path, data):
    """The numbers of all texts of a file, shown or not, but the labels of axes."""
    said = [text for texts in said_in(path, data) for text in texts]
    if path.endswith(".svg"):
        drawing = read_svg(data)
        labels = axis_labels(drawing)
        said = [word.text for word in drawing.words if word not in labels]  # names in the file are by order: line2d_7
    return {number for text in said for number in NUMBER.findall(text)}


def values_of(gate):
    """By the names of files, the numbers that are published in them; and all of them."""
    report = gate.report()
    places = places_of(report, printed_report(report, printer_of(report), None))
    shown = {cell.id: cell.value for cell in gate.cells if not isinstance(cell.value, Mark) and cell.value is not None}
    by_file = {}
    for id_, names in places.items():
        for name in names:
            if id_ in shown:
                by_file.setdefault(name, []).append(shown[id_])
    return by_file, list(shown.values())


def is_printed(number, values, days_per_unit):
    """Whether a text is a number of these: as it is, as a percentage, in the study's unit of time, without its sign, or
    what is left of one count after another. A whole number must be one."""
    text = number.replace(",", "")
    decimals, value = len(text.partition(".")[2]), float(text)
    whole = [of for of in values if isinstance(of, int) or float(of).is_integer()]
    if decimals == 0:
        percents = [round(100 * of) for of in values if isinstance(of, float) and 0 <= of <= 1]
        days = [of / days_per_unit for of in whole]
        many = [round(of) for of in values if abs(of) >= 100]
        left = {a - b for a in whole for b in whole if a >= b} if value not in (*whole, *percents) else set()
        return value in (*map(abs, whole), *percents, *days, *many, *left)
    forms = (abs(by * of) for of in values for by in (1.0, 100.0, 1.0 / days_per_unit))
    return any(abs(form - value) <= 0.500001 * 10.0**-decimals for form in forms)


def not_contained(gate, outputs=None, recorded=RECORDED):
    """Yields each file of the outputs of a gated run with the numbers that it should not have."""
    by_file, every = values_of(gate)
    unit = gate.results.study.days_per_unit
    mark = next(cell.value for cell in gate.cells if isinstance(cell.value, Mark))
    nothing = replace(gate, cells=gate.cells.with_values({cell.id: mark for cell in gate.cells}))
    without = {path: data for one in outputs_of(nothing, recorded) for path, data in one.files.items()}
    constants = {*CONSTANTS, str(len(gate.held_back))}
    for output in outputs or outputs_of(gate, recorded):
        values = every if output.id == METHODS else by_file.get(next(iter(output.files)).rpartition(".")[0], [])
        for path, data in output.files.items():
            if path.endswith(".pdf"):
                words = (read_svg(output.files[path.replace(".pdf", ".svg")]).words, read_pdf(data).words)
                if Counter(word.text for word in words[0]) != Counter(word.text for word in words[1]):
                    yield path, ["other words than the SVG"]
                continue
            own = numbers_in(path, data) - numbers_in(path, without[path])
            left = {one for one in own - constants if not is_printed(one, values, unit)}
            if left:
                yield path, sorted(left)
