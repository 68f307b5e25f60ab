"""Which kinds of analysis are reported how: by their own section, by one that a package brings, or by a plain table."""

import html
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.errors import RisksetError
from riskset.rehearsal import Rehearsal
from riskset.results import ResultEntry, entry_json, results_of
from riskset_report import report_of, sections, write_report
from riskset_report.blocks import Row, Shown, Table, Why
from riskset_report.cells import Place
from riskset_report.figures.drawings import drawn
from riskset_report.page import page
from riskset_report.printed import printed_report, printer_of
from riskset_report.sections.section import Section

SITES = ("asan", "kurume", "mirae")


@dataclass(frozen=True)
class Counted(Result):
    rates: tuple


@dataclass(frozen=True)
class Responses:
    """An analysis of a kind that riskset does not have."""

    id: str = "biomarker/all"
    name: str = "biomarker"
    endpoint: str | None = None
    population: str = "all"
    kind: str = "biomarker"
    arms_refusal: None = None

    def question_json(self):
        return {"rate": "orr"}

    def result_json(self, result):
        return {"arms": [{"level": level, "n": n, "percent": percent} for level, n, percent in result.rates]}

    def parts_json(self, result, parts):
        return {}


RATES = Counted((("old", 45, 23.456789), ("new", 1234, 0.5)))


@pytest.fixture
def page_of(tmp_path, drawn_once):
    def page_of(report):
        write_report(report, tmp_path)
        page = (tmp_path / "index.html").read_text(encoding="utf-8")
        page = re.sub(r"<nav.*?</nav>", "", page, flags=re.DOTALL)  # the contents
        return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)).split())

    return page_of


class Provided:
    """Sections of other packages, by kind."""

    def __init__(self, sections):
        self.entries = self.sections = sections

    def has(self, kind, floor):
        return floor == "section"

    def provided(self, kind, floor, name):
        return self.sections[kind]


def test_what_is_no_section_is_refused(monkeypatch):
    monkeypatch.setattr(sections, "PACKAGES", Provided({"biomarker": "no section"}))
    with pytest.raises(RisksetError, match="'biomarker' cannot be reported"):
        sections.section_of("biomarker")


def with_entry(results, result):
    entry = ResultEntry(Responses(), result, "passed")
    return replace(results, entries=(*results.entries, entry))


def test_a_kind_without_a_section_has_all_its_numbers_in_a_table(lung, typed, page_of):
    text = page_of(report_of(with_entry(typed(lung), RATES)))
    table = text[text.index("biomarker/all. Value") :]
    assert table.startswith(
        "biomarker/all. Value arms.n, old 45 arms.percent, old 23.4568 arms.n, new 1234 arms.percent, new 0.5"
    )
    assert text.index("Cox models") < text.index("biomarker/all")


def test_a_result_of_no_endpoint_names_none(lung, typed):
    *_, last = with_entry(typed(lung), RATES).entries
    said = entry_json(last)
    assert "endpoint" not in said
    assert (said["population"], said["rate"], said["arms"][1]["n"]) == ("all", "orr", 1234)


def test_a_kind_without_a_section_tells_why_it_has_no_result(lung, typed, page_of):
    text = page_of(report_of(with_entry(typed(lung), NotEstimable("no patients", "nobody is there"))))
    assert "biomarker biomarker/all. Not estimable. Reason: nobody is there." in text


def test_a_kind_of_another_package_is_reported_by_its_section(lung, typed, page_of, monkeypatch):
    def blocks(entries, context):
        for entry in entries:
            cell = Place(entry.id).of("arms.percent", level="old").id
            yield Table(
                "table biomarker", "Responses", ("Old",), (Row("ORR", ((Shown("digits", (cell,)), " %"),)),), ()
            )

    monkeypatch.setattr(sections, "PACKAGES", Provided({"biomarker": Section("Response", blocks)}))
    report = report_of(with_entry(typed(lung), RATES))
    assert "Responses. Old ORR 23.4568 %" in page_of(report)
    cell = report.cells[Place("biomarker/all").of("arms.percent", level="old").id]
    assert cell.value == 23.456789


@pytest.fixture(scope="module")
def tried(patients):
    def tried(**analyses):
        study = patients.study(SITES, analyses=analyses)
        rows = patients.rows(6, 240)
        outcome = Rehearsal(study, patients.deal(rows, np.array(SITES)[np.arange(rows.n) % 3])).run()
        return results_of(study, outcome, SITES)

    return tried


def captions(report):
    return [block.title for part in report.parts for block in part.blocks]


KM = {"kind": "km", "endpoints": ["os"]}
COX = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"]}


def test_two_curves_of_one_endpoint_have_captions_of_their_own(tried, page_of):
    results = tried(curves2=KM, curves=KM, models=COX)
    assert captions(report_of(results)) == [
        "os, all patients, by Kaplan-Meier (curves2)",
        "os, all patients, by Kaplan-Meier (curves2)",
        "os, all patients, by Kaplan-Meier (curves)",
        "os, all patients, by Kaplan-Meier (curves)",
        "os, all patients: Cox models",
        "os, all patients: Cox models",
        "os, all patients: log-log plot of survival",
    ]
    text = page_of(report_of(results))
    assert "Figure 1. os, all patients, by Kaplan-Meier (curves2)." in text
    assert "Figure 2. os, all patients, by Kaplan-Meier (curves)." in text


def test_one_analysis_of_a_kind_needs_no_name(tried):
    assert captions(report_of(tried(curves=KM, models=COX))) == [
        "os, all patients, by Kaplan-Meier",
        "os, all patients, by Kaplan-Meier",
        "os, all patients: Cox models",
        "os, all patients: Cox models",
        "os, all patients: log-log plot of survival",
    ]


def test_refusals_of_two_analyses_of_one_endpoint_are_told_apart(tried):
    results = tried(curves2=KM, curves=KM)
    refused = tuple(replace(e, result=RefusedByRule("R1", "45 patients"), gate="refused") for e in results.entries)
    assert captions(report_of(replace(results, entries=refused))) == [
        "os, all patients, by Kaplan-Meier (curves2)",
        "os, all patients, by Kaplan-Meier (curves)",
    ]


def test_notes_of_all_tables_of_a_section_are_told_once_and_stay_with_each_tables_own_file(lung, typed, monkeypatch):
    def blocks(entries, context):
        for name in ("one", "two", "three"):
            rows = (Row("row", (("1", Why(("of a cell",))),)),)
            yield Table(f"table {name}", name, ("Old",), rows, (("Of all tables.",), (f"Of {name}.",)))

    monkeypatch.setattr(sections, "PACKAGES", Provided({"biomarker": Section("Response", blocks)}))
    report = report_of(with_entry(typed(lung), RATES))
    printed = printed_report(report, printer_of(report), None)
    part = next(part for part in printed.parts if part.kind == "biomarker")
    assert part.notes == "For all tables of this section: Of all tables."
    assert [block.notes for block in part.blocks] == [(f"Of {n}.", "* of a cell.") for n in ("one", "two", "three")]
    assert {block.table.notes[0] for block in part.blocks} == {"Of all tables."}
    drawings = {one.name: drawn(one.figure, printer_of(report)) for one in printed.figures}
    assert page(printed, drawings).count("Of all tables.") == 1
