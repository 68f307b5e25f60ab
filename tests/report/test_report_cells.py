"""Everything printed comes from the cells: a mark in the place of a number is all that any file says of it."""

import copy
import re
import zipfile
from dataclasses import replace

import pytest

from riskset_report import report_of, write_report
from riskset_report.blocks import PAGE_MM, Figure
from riskset_report.cells import Mark, Place
from riskset_report.figures.survival_figure import SurvivalFigure
from riskset_report.printed import places_of, printed_report, printer_of
from riskset_report.printing import Printer

SUPPRESSED = Mark("suppressed", "fewer than 5 patients")
FORMATS = (".html", ".svg", ".csv", ".docx", ".json")
STRUCTURE = ("day", "time", "probability", "level", "df")
"""What says which numbers there are, or how many."""


@pytest.fixture
def lung(lung):
    lung["results"][0]["overall"]["median_days"]["upper"] = None  # one number that is not reached
    lung["notices"] = ["MADE-UP DATA."]
    return lung


@pytest.fixture
def files_of_anew(tmp_path, monkeypatch):
    """What the files say, together for each end of a name, figures as wide as a page; all bytes under `bytes`."""

    def files_of(report, name="out"):
        for figure in {type(block) for part in report.parts for block in part.blocks if isinstance(block, Figure)}:
            monkeypatch.setattr(figure, "widths", (PAGE_MM,))
        paths = write_report(report, tmp_path / name)
        texts = {}
        for path in paths:
            texts[path.suffix] = texts.get(path.suffix, "") + said_in(path)
        said = [
            path for path in paths if path.name not in ("provenance.json", "results.json")
        ]  # have hashes, or the run
        return texts | {"bytes": [path.read_bytes() for path in said]}

    return files_of


@pytest.fixture
def files_of(files_of_anew, drawn_once):
    return files_of_anew


def said_in(path):
    if path.suffix in (".png", ".pdf"):
        return ""
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as parts:
            xml = [parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml")]
        return " ".join(re.sub(r"<[^>]+>", " ", " ".join(xml)).replace("\u00a0", " ").split())
    return "" if path.name == "provenance.json" else path.read_text(encoding="utf-8")  # hashes of the other files


def marked(report, *ids):
    return replace(report, cells=report.cells.with_values(dict.fromkeys(ids, SUPPRESSED)))


HR = Place("cox/os/all/univariable/sex", variable="sex").of("terms.hr", level="female")
KM = Place("km/os/all", variable="sex")
MEDIANS = [KM.of(f"arms.{name}.estimate", level="female") for name in ("median_days", "quartiles[0.5]")]
HELD_BACK = {
    "a hazard ratio": ([HR], ["0.56 (0.40–0.80)", "0.56 (95% CI 0.40–0.80)", ",female,,0.563803"]),
    "a median, which results.json has twice": (MEDIANS, ["14.3 (11.5–18.2)", ".estimate,sex,female,,434"]),
    "a P value": ([KM.of("log_rank.p")], ["P = .002)", "Log-rank P = .002", "0.00199448"]),
    "a number at risk": ([KM.of("arms.curve.at_risk", level="male", day=189)], [">82<", "male,189,82"]),
}


@pytest.mark.parametrize(
    "held_back",
    [next(iter(HELD_BACK)), *(pytest.param(name, marks=pytest.mark.exhaustive) for name in [*HELD_BACK][1:])],
)
def test_a_number_held_back_is_a_mark_in_every_file_and_the_number_in_none(lung, typed, files_of, held_back):
    places, digits = HELD_BACK[held_back]
    report = report_of(typed(lung))
    open_files, files = files_of(report), files_of(marked(report, *(place.id for place in places)), "marked")
    for kind in FORMATS:
        assert SUPPRESSED.text not in open_files[kind]
        assert not [text for text in digits if text in files[kind]], kind
    saying = [kind for kind in FORMATS if any(text in open_files[kind] for text in digits)]
    assert {".html", ".csv"} <= {*saying}
    assert [kind for kind in saying if SUPPRESSED.text not in files[kind]] == []
    assert SUPPRESSED.text in files[".json"]


def changed(value, key=""):
    """Every number of a result another, but not which numbers there are."""
    if isinstance(value, dict):
        return {k: v if k in STRUCTURE else changed(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [changed(item, key) for item in value]
    if isinstance(value, bool | str | None):
        return value
    return value + 1 if isinstance(value, int) else value * 0.75


def test_no_file_depends_on_a_number_that_is_held_back(lung, typed, files_of_anew):
    """Of two runs that differ in every estimate and count, with what differs held back, all files are the same bytes.

    The days of the curves' steps are margins and stay, and so do the degrees of freedom.
    """
    other = copy.deepcopy(lung)
    for result in other["results"]:
        kept = ("grid", "level")
        result |= {key: changed(value, key) for key, value in result.items() if key not in kept}
    reports = [report_of(typed(document)) for document in (lung, other)]
    values = [{cell.id: cell.value for cell in report.cells} for report in reports]
    assert values[0].keys() == values[1].keys()
    differing = [id_ for id_ in values[0] if values[0][id_] != values[1][id_]]
    assert len(differing) > 0.8 * sum(value not in (None, 0) for value in values[0].values())
    first, second = (files_of_anew(marked(report, *differing), str(i)) for i, report in enumerate(reports))
    texts = [
        {k: v.replace(report.results.run, "") for k, v in files.items() if k != "bytes"}
        for files, report in zip((first, second), reports, strict=True)
    ]
    assert texts[0] == texts[1]
    assert first["bytes"] == second["bytes"]


def test_a_step_held_back_is_a_gap_in_the_curve(lung, typed, printed):
    step = KM.of("arms.curve.survival", level="male", day=189)
    found = printed(lung)
    (figure,) = (block for part in found.report.parts for block in part.blocks if block.id == "figure km/os/all")
    whole, gap = (
        figure.plot(replace(found.printer, cells=report.cells)).curves[0].survival
        for report in (found.report, marked(found.report, step.id))
    )
    assert (whole != gap).tolist() == [day == 189 for day in figure.curves[0].days]


def test_each_cell_has_an_id_of_its_own_and_the_places_that_print_it(lung, typed):
    report = report_of(typed(lung))
    cells, places = report.cells, places_of(report, printed_report(report, printer_of(report), None))
    ids = [cell.id for cell in cells]
    assert len(ids) == len(set(ids)) > 1000
    found = {c.place.quantity: places.get(c.id) for c in cells if c.place.result in ("km/os/all", HR.result)}
    assert found["terms.hr"][-1] == "tables/cox-os-all-cox"  # figures print it, too
    assert found["arms.n"] == found["arms.landmarks.survival"] == ["tables/km-os-all"]
    assert found["arms.curve.survival"] == ["figures/km-os-all", "figures/cox-os-all-cox-log-log"]
    assert found["arms.curve.at_risk"] == ["figures/km-os-all"]  # the second ends where few are at risk, but tells none
    assert found["terms.z"] is None


def test_an_id_is_the_same_in_every_run(lung, typed):
    other = copy.deepcopy(lung)
    other["run"], other["results"][1] = "another", changed(other["results"][1])
    assert [cell.id for cell in report_of(typed(lung)).cells] == [cell.id for cell in report_of(typed(other)).cells]


def test_what_is_not_there_cannot_be_marked(lung, typed):
    with pytest.raises(KeyError):
        marked(report_of(typed(lung)), "cox/os/all/multivariable:terms.hr@:sex=other")


def test_a_sentence_that_gives_a_number_away_is_held_back_with_it(lung, typed, files_of):
    column = {"variable": "sex", "level": "female", "reference": "male"}
    limit = {"variable": "sex", "level": "female", "coef": 0.4187, "hr": 1.52, "side": "lower"}
    message = "separated: no maximum in sex = female; hazard ratio > 1.52 (95% profile likelihood)"
    reason = {"code": "separated", "message": message, "columns": [column], "limit": limit}
    lung["results"][1] |= {"status": "not estimable", "reason": reason}
    report = report_of(typed(lung))
    assert (
        files_of(report)[".html"].count("1.52") == 6
    )  # in its row, its figure and below the table; among those not given
    held_back = [cell.id for cell in report.cells.of(lung["results"][1]["id"], "reason.limit")]
    files = files_of(marked(report, *held_back), "marked")
    assert not any(line.endswith(",1.52") for line in files[".csv"].splitlines())
    assert "> 1.52" not in files[".json"] + files[".docx"]
    assert '"hr": 1.52,' not in files[".json"]
    assert not re.search(r"[^\d.]1\.52\b", files[".html"])
    assert files[".html"].count(SUPPRESSED.text) == 8  # with the reason, once at each table and figure; in the methods


def test_a_mark_is_explained_below_the_table_and_the_figure(lung, typed, files_of):
    report = marked(report_of(typed(lung)), HR.id)
    said = f"{SUPPRESSED.text}: {SUPPRESSED.reason}."
    assert f'<p class="note">{said}</p>' in files_of(report)[".html"]
    printer = Printer(report.cells, "month", 30.4375)
    (figure,) = (block for part in report.parts for block in part.blocks if isinstance(block, SurvivalFigure))
    assert figure.plot(printer).footnote.endswith(f" {said}")
