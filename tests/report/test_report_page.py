"""index.html: what it tells, that it needs nothing else, and that it is written whole or not at all."""

import csv
import hashlib
import html
import importlib.metadata
import io
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from riskset.study.load import study_hash
from riskset.study.spec import Study
from riskset_report import Labels, Recorded, in_place, labels_of, report_of, write_report
from riskset_report.page import _headed
from riskset_report.printing import PrintedRow, PrintedTable

RECORDED = Recorded("ab" * 32, "2026-11-22T09:00:00.000+00:00", "2026-11-22T14:05:59.123+00:00")


@pytest.fixture
def writes_anew(typed):
    """Writes a document's report; its files."""

    def writes(document, folder, labels=None, recorded=RECORDED):
        return write_report(report_of(typed(document), labels), folder, recorded)

    return writes


@pytest.fixture
def writes(writes_anew, drawn_once):
    return writes_anew


@pytest.fixture
def page_of(writes):
    def page_of(document, folder, labels=None):
        writes(document, folder, labels)
        return (folder / "index.html").read_text(encoding="utf-8")

    return page_of


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)).split())


class Nesting(HTMLParser):
    """Reads a page and complains of an element that is closed out of order, or never."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references = [], [], set()

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        for _, value in attrs:
            self.references |= set(re.findall(r"^#(.+)|url\(#([^)]+)\)", value or ""))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_head_tells_which_study_run_and_sites(lung, tmp_path, typed, page_of):
    text = text_of(page_of(lung, tmp_path, labels=Labels(sites={"other": "Smaller institutions"})))
    for expected in (
        "Survival in advanced lung cancer by sex and performance status",
        "lung-demo, version 1.0.0",
        study_hash(typed(lung).study),
        "2026-11-22-a1b2c3",
        "Sites (9) ncctg_01, ncctg_03",
        "Smaller institutions (other)",
        "Run ended 2026-11-22 14:05 UTC",
    ):
        assert expected in text


def test_notices_stand_above_everything(lung, tmp_path, page_of):
    lung["notices"] = ["Rehearsal on one machine.", "Disclosure rules off <by request>."]
    page = page_of(lung, tmp_path)
    assert page.index("Rehearsal on one machine.") < page.index("<dl>")
    assert "Disclosure rules off &lt;by request&gt;." in page


def test_figures_and_tables_stand_on_the_page(lung, tmp_path, page_of):
    text = text_of(page_of(lung, tmp_path))
    assert "Figure 1. os, all patients, by Kaplan-Meier." in text
    assert "Log-rank P = .002" in text
    assert "No. at risk" in text
    assert "sex 212 (150) male 126 (101) 1 (reference) 1 (reference)" in text
    assert "female 86 (49) 0.56 (0.40–0.80) .002 0.54 (0.38–0.77) <.001" in text


def test_what_is_not_given_is_listed_with_its_reason(lung, tmp_path, page_of):
    assert "Results not reported" not in page_of(lung, tmp_path)
    for result in lung["results"]:
        result |= {"status": "refused", "reason": {"rule": "R4", "message": "fewer than 5 events"}}
    text = text_of(page_of(lung, tmp_path))
    ids = ", ".join(result["id"] for result in lung["results"])
    assert f"{ids} refused R4: fewer than 5 events" in text  # said once
    assert "Figure" not in text


def test_what_a_rule_refused_is_told_in_its_place_with_what_would_pass(lung, tmp_path, page_of):
    reason = {"rule": "R1", "message": "45 patients <50>", "remedy": "more sites.", "by": "all"}
    for result in lung["results"]:
        result |= {"status": "refused", "reason": reason}
    page = page_of(lung, tmp_path)
    assert "<50>" not in page
    text = text_of(page)
    told = "Refused by rule R1, on the totals, by all parties. Reason: 45 patients <50>. What would pass: more sites."
    survival, cox = (
        text.index("Survival os, all patients, by Kaplan-Meier. " + told),
        text.index("Cox models os, all patients: Cox models. " + told),
    )
    assert survival < cox < text.rindex("Results not reported")
    assert text.count(told) == 2  # once for the curves, once for all models together


def test_curves_that_no_data_answer_are_told_in_their_place_too(lung, tmp_path, page_of):
    lung["results"][0] |= {"status": "not estimable", "reason": {"code": "no patients", "message": "nobody is there"}}
    text = text_of(page_of(lung, tmp_path))
    assert "Survival os, all patients, by Kaplan-Meier. Not estimable. Reason: nobody is there." in text


def test_the_page_needs_nothing_else(lung, tmp_path, page_of):
    page = page_of(lung, tmp_path)
    assert "<script" not in page
    assert not re.search(r"\bsrc=|@import|url\((?!#)|<link", page)
    links = re.findall(r'href="([^#"][^"]*)"', page)
    assert sorted(links) == [*FIGURES, "methods.md", "numbers.csv", "strobe.docx"]
    assert all((tmp_path / link).exists() for link in links)


def test_the_page_is_well_formed_and_its_ids_are_its_own(lung, tmp_path, page_of):
    lung["results"].append({**lung["results"][0], "id": "km/pfs/all", "endpoint": "pfs"})
    page = Nesting()
    page.feed(page_of(lung, tmp_path))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert {first or second for first, second in page.references} <= set(page.ids)


def test_words_of_a_study_are_never_markup(lung, tmp_path, page_of):
    attack = "<img src=x onerror=alert(1)>\"'"
    lung["study"]["title"]["en"] = lung["run"] = lung["results"][0]["arms"][0]["level"] = attack
    page = page_of(lung, tmp_path, labels=Labels(endpoints={"os": attack}, variables={"age": attack}))
    assert "<img" not in page


def test_the_title_falls_back(lung, tmp_path, page_of):
    lung["study"]["title"] = {"ja": "肺癌の生存"}
    assert "<title>肺癌の生存</title>" in page_of(lung, tmp_path)


LOG_LOG = ("cox-os-all-cox-log-log-85mm", "cox-os-all-cox-log-log")
DRAWINGS = (*LOG_LOG, "cox-os-all-cox", "km-os-all-85mm", "km-os-all")
FIGURES = [f"figures/{drawing}.{form}" for drawing in DRAWINGS for form in ("pdf", "png", "svg")]
TABLES = [f"tables/{name}.{form}" for name in ("cox-os-all-cox", "km-os-all") for form in ("csv", "docx", "html")]
LISTS = [
    "curves.csv",
    *FIGURES,
    "index.html",
    "methods.md",
    "numbers.csv",
    "provenance.json",
    "report.docx",
    "results.json",
    "strobe.docx",
]


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_report_is_the_same_when_written_again(lung, tmp_path, writes_anew):
    for name in ("a", "b"):
        writes_anew(lung, tmp_path / name)
    first, second = (contents(tmp_path / name) for name in ("a", "b"))
    assert sorted(first) == [*LISTS, *TABLES, "terms.csv"]
    assert first == second


def test_a_report_that_fails_leaves_the_earlier_one_whole(lung, tmp_path, monkeypatch, writes):
    writes(lung, tmp_path, recorded=replace(RECORDED, ended_at="2026-11-21T14:05:00.000+00:00"))
    before = contents(tmp_path)
    create_file = in_place.create_file

    def disk_full(path, content):
        if ".svg" in path.name:
            raise OSError("no space left on device")
        create_file(path, content)

    monkeypatch.setattr(in_place, "create_file", disk_full)
    with pytest.raises(OSError, match="no space"):
        writes(lung, tmp_path)
    assert contents(tmp_path) == before


def test_a_file_that_cannot_be_replaced_leaves_the_earlier_report_whole(lung, tmp_path, monkeypatch, writes):
    """As on Windows, where somebody has report.docx open in Word."""
    writes(lung, tmp_path, recorded=None)
    before = contents(tmp_path)
    os_replace = os.replace

    def held(source, target):
        if str(target).endswith("new/report.docx") or str(source) == str(tmp_path / "report.docx"):
            raise PermissionError("report.docx is open")
        os_replace(source, target)

    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(PermissionError):
        writes(lung, tmp_path)
    assert contents(tmp_path) == before


def test_nothing_of_an_earlier_report_is_left_and_nothing_of_anybody_else_is_lost(lung, tmp_path, writes):
    writes(lung, tmp_path)
    (tmp_path / "notes.txt").write_text("of the statistician")
    (tmp_path / "figures" / "slide.png").write_bytes(b"of the statistician")
    lung["results"] = [result for result in lung["results"] if result["kind"] == "cox"]
    writes(lung, tmp_path)
    after = contents(tmp_path)
    of_curves = [name for name in after if name.startswith("figures/km")]
    assert (of_curves, "figures/slide.png" in after) == ([], True)
    assert after["notes.txt"] == b"of the statistician"
    assert "tables/km-os-all.csv" not in after
    assert "tables/cox-os-all-cox.csv" in after


def test_provenance_names_the_run_the_programs_and_every_file(lung, tmp_path, typed, writes):
    writes(lung, tmp_path)
    files = contents(tmp_path)
    told = json.loads(files.pop("provenance.json"))
    assert told["files"] == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    study = typed(lung).study
    assert told["study"] == {"id": "lung-demo", "version": "1.0.0", "sha256": study_hash(study)}
    assert (told["run"], told["sites"], told["language"]) == ("2026-11-22-a1b2c3", lung["sites"], "en")
    assert (told["recorded"], told["roster"]) == (True, RECORDED.roster)
    assert (told["began_at"], told["ended_at"]) == (RECORDED.began_at, RECORDED.ended_at)
    assert told["versions"]["riskset"] == importlib.metadata.version("riskset")
    assert {"python", "numpy", "matplotlib", "python-docx", "system"} < told["versions"].keys()
    assert "DejaVu Sans" in told["fonts"]


def test_a_rehearsal_has_no_record(lung, tmp_path, writes):
    writes(lung, tmp_path, recorded=None)
    told = json.loads((tmp_path / "provenance.json").read_text(encoding="utf-8"))
    assert [told[key] for key in ("recorded", "roster", "began_at", "ended_at")] == [False, None, None, None]
    assert "of which there is no record" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_two_results_whose_names_a_file_system_takes_for_one_have_files_of_their_own(lung, tmp_path, writes):
    lung["results"].append({**lung["results"][0], "id": "km/OS/all"})
    lung["results"].append({**lung["results"][0], "id": "km-os/all"})
    writes(lung, tmp_path)
    names = {name.casefold() for name in contents(tmp_path) if name.endswith("mm.svg") or name.startswith("tables/km")}
    assert {f"figures/km-os-all{n}-85mm.svg" for n in ("", "-2", "-3")} < names
    assert {f"tables/km-os-all{n}.csv" for n in ("", "-2", "-3")} < names


def test_a_table_as_csv_names_the_heading_of_each_level_and_has_its_notes(lung, tmp_path, writes):
    writes(lung, tmp_path)
    content = (tmp_path / "tables" / "cox-os-all-cox.csv").read_bytes()
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows[0][:3] == ["", "", "n (events)"]
    assert ["sex", "female", "86 (49)", "0.56 (0.40–0.80)", ".002", "0.54 (0.38–0.77)", "<.001"] in rows
    assert any(row[0] == "Note" and "hazard ratio" in row[1] for row in rows)


def test_a_table_is_a_page_of_its_own(lung, tmp_path, writes):
    writes(lung, tmp_path)
    page = (tmp_path / "tables" / "km-os-all.html").read_text(encoding="utf-8")
    Nesting().feed(page)
    assert not re.search(r"<script|<link|\bsrc=|href=|@import|url\(", page)
    assert "<caption><strong>Table 1.</strong> os, all patients, by Kaplan-Meier.</caption>" in page


def test_a_tall_table_breaks_between_groups_and_a_short_one_nowhere():
    inner = [PrintedRow(f"level {n}", ("1",), is_inner=True) for n in range(3)]
    rows = tuple(row for n in range(10) for row in (PrintedRow(f"variable {n}", (), is_inner=False), *inner))
    table = PrintedTable("", ("n",), rows, ())
    assert [len(group) for group in table.groups] == [4] * 10
    assert table.is_tall
    assert not replace(table, rows=rows[:12]).is_tall


def test_a_report_of_riskset_0_1_leaves_nothing(lung, tmp_path, writes):
    (tmp_path / "figures").mkdir()
    for name in ("report.html", "numbers.csv", "figures/km-pfs-all.svg", "figures/own.svg"):
        (tmp_path / name).write_text('<a href="figures/km-pfs-all.svg">SVG</a> <a href="figures/../notes.svg">')
    (tmp_path / "notes.svg").write_text("of the statistician")
    writes(lung, tmp_path)
    after = contents(tmp_path)
    assert not {"report.html", "figures/km-pfs-all.svg"} & after.keys()
    assert {"figures/own.svg", "notes.svg"} < after.keys()


@pytest.mark.parametrize("name", ["../other.txt", "/etc/hosts", "a/b/c", "", ".", "tables\\x", "c:x"])
def test_a_list_of_files_never_reaches_out_of_its_folder(lung, tmp_path, writes, name):
    folder = tmp_path / "out"
    writes(lung, folder)
    (tmp_path / "other.txt").write_text("not of the report")
    listed = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    listed["files"][name] = "0" * 64
    (folder / "provenance.json").write_text(json.dumps(listed))
    writes(lung, folder)
    assert (tmp_path / "other.txt").exists()


def test_a_result_id_never_leaves_the_folder(lung, tmp_path, page_of):
    lung["results"][0]["id"] = f"..{os.sep}../km:os*"
    page_of(lung, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(list((tmp_path / "out" / "figures").iterdir())) == 15  # of survival and of its log-log plot


def test_labels_of_a_study():
    study = Study.model_validate(
        {
            "schema": 1,
            "study": {"id": "s", "version": "1", "title": {"en": "S"}},
            "sites": {"asan": {"name": "Site A, Seoul", "country": "KR"}},
            "variables": {
                "age": {"type": "number", "unit": "year", "range": [18, 100], "label": "Age"},
                "afp": {"type": "number", "unit": "ng/mL", "range": [0, 1e7], "transform": "log10p1", "label": "AFP"},
                "nodes": {"type": "number", "range": [0, 100]},
                "mvi": {"type": "boolean", "label": "Macrovascular invasion"},
                "start": {"type": "date", "label": "First dose"},
                "ecog_day": {"type": "date", "label": "ECOG assessment"},
                "death": {"type": "date", "required": False},
                "last": {"type": "date"},
            },
            "time": {"unit": "month", "grid": {"width_days": 7, "max_days": 700}},
            "endpoints": {
                "os": {"origin": "start", "event": ["death"], "censor": "last", "label": "Overall survival"},
                "ecog": {"origin": "ecog_day", "event": ["death"], "censor": "last"},
            },
            "analyses": {"survival": {"kind": "km", "endpoints": ["os"]}},
        }
    )
    labels = labels_of(study)
    assert labels.variable("age") == "Age, per year"
    assert labels.variable("afp") == "AFP, ng/mL, per 1 in log10(x + 1)"
    assert labels.variable("nodes") == "nodes"
    assert labels.level("mvi", "true") == "yes"
    assert labels.arm("mvi", "false") == "Macrovascular invasion: no"
    assert labels.endpoint("os") == "Overall survival"
    assert labels.endpoint("ecog") == "ecog"
    assert dict(labels.origins) == {"os": "first dose", "ecog": "ECOG assessment"}
    assert labels.site("asan") == "Site A, Seoul (asan)"


def test_no_heading_of_a_column_ends_a_line_inside_its_confidence_limits():
    assert _headed("HR (95% CI)") == "HR <span>(95% CI)</span>"
    assert _headed("n (events)") == "n (events)"
    assert _headed("HR（95%信頼区間）").endswith("<span>（95%信頼区間）</span>")
    assert _headed("a < b (95% CI)") == "a &lt; b <span>(95% CI)</span>"
