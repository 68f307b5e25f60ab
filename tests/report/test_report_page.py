"""report.html: what it tells, that it needs nothing else, and that it is written whole or not at all."""

import html
import os
import re
from html.parser import HTMLParser

import pytest

from riskset.study.load import study_hash
from riskset.study.spec import Study
from riskset_report import Labels, labels_of, report_of, write_report
from riskset_report import page as page_module

MADE_AT = "22 November 2026, 14:05 UTC"


@pytest.fixture
def writes(typed):
    """Writes a document's report; its files."""

    def writes(document, folder, labels=None, made_at=MADE_AT):
        return write_report(report_of(typed(document), labels), folder, made_at=made_at)

    return writes


@pytest.fixture
def page_of(writes):
    def page_of(document, folder, labels=None):
        writes(document, folder, labels)
        return (folder / "report.html").read_text(encoding="utf-8")

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
        f"Made {MADE_AT}",
    ):
        assert expected in text


def test_notices_stand_above_everything(lung, tmp_path, page_of):
    lung["notices"] = ["Rehearsal on one machine.", "Disclosure rules off <by request>."]
    page = page_of(lung, tmp_path)
    assert page.index("Rehearsal on one machine.") < page.index("<dl>")
    assert "Disclosure rules off &lt;by request&gt;." in page


def test_figures_and_tables_stand_on_the_page(lung, tmp_path, page_of):
    text = text_of(page_of(lung, tmp_path))
    assert "Figure 1. os, all patients." in text
    assert "Log-rank P = .002" in text
    assert "No. at risk" in text
    assert "female 212 (150) 0.56 (0.40–0.80) .002 212 (150) 0.54 (0.38–0.77) <.001" in text


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
    told = "Refused by rule R1, on the totals, by all parties. 45 patients <50>. What would pass: more sites."
    survival, cox = text.index("Survival os, all patients. " + told), text.index("Cox models os: Cox models. " + told)
    assert survival < cox < text.index("Results not reported")
    assert text.count(told) == 2  # once for the curves, once for all models together


def test_curves_that_no_data_answer_are_told_in_their_place_too(lung, tmp_path, page_of):
    lung["results"][0] |= {"status": "not estimable", "reason": {"code": "no patients", "message": "nobody is there"}}
    text = text_of(page_of(lung, tmp_path))
    assert "Survival os, all patients. Not estimable. no patients: nobody is there." in text


def test_the_page_needs_nothing_else(lung, tmp_path, page_of):
    page = page_of(lung, tmp_path)
    assert "<script" not in page
    assert not re.search(r"\bsrc=|@import|url\((?!#)|<link", page)
    links = re.findall(r'href="([^#"][^"]*)"', page)
    assert sorted(links) == ["figures/km-os-all.png", "figures/km-os-all.svg", "numbers.csv"]
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


def test_a_report_is_the_same_when_written_again(lung, tmp_path, writes):
    paths = [sorted(writes(lung, tmp_path / name)) for name in ("a", "b")]
    figures = [f"km-os-all{width}.{form}" for width in ("-85mm", "") for form in ("pdf", "png", "svg")]
    assert [path.name for path in paths[0]] == [*figures, "numbers.csv", "report.html"]
    assert [path.read_bytes() for path in paths[0]] == [path.read_bytes() for path in paths[1]]


def test_a_report_that_fails_leaves_the_earlier_one_whole(lung, tmp_path, monkeypatch, writes):
    paths = writes(lung, tmp_path, made_at="the day before")
    before = {path: path.read_bytes() for path in paths}
    create_file = page_module.create_file

    def disk_full(path, content):
        if ".svg" in path.name:
            raise OSError("no space left on device")
        create_file(path, content)

    monkeypatch.setattr(page_module, "create_file", disk_full)
    with pytest.raises(OSError, match="no space"):
        writes(lung, tmp_path)
    assert {path: path.read_bytes() for path in paths} == before
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(paths)


def test_a_result_id_never_leaves_the_folder(lung, tmp_path, page_of):
    lung["results"][0]["id"] = f"..{os.sep}../km:os*"
    page_of(lung, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(list((tmp_path / "out" / "figures").iterdir())) == 6


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
