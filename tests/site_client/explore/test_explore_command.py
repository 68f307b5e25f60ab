"""`riskset site explore`: one local page, of the rows that the study would use, with what is wrong and where."""

import re
import subprocess
import sys
from html import unescape

import pytest
from tests.pseudo_language import latin_words

from riskset.cli import main

HEAD = "id,arm,age,mvi,afp,start,death,last\n"


def rows(n=40):
    for i in range(n):
        end = f"2021-{i % 12 + 1:02}-{i % 28 + 1:02}"
        arm, death = ("sorafenib", "lenvatinib")[i % 2], end if i % 3 else ""
        mvi, afp = ("yes", "no")[i // 2 % 2], 10 + i % 4 if i % 5 else ""
        yield f"P{i},{arm},{40 + i * 7 % 45},{mvi},{afp},2020-01-01,{death},{end}"


def explore(hospital, *more, page="explore.html"):
    return main(
        [
            "site",
            "explore",
            str(hospital.site_file),
            "--study",
            str(hospital.folder / "study.toml"),
            "--html",
            str(hospital.folder / page),
            *more,
        ]
    )


def text_of(hospital, page="explore.html"):
    written = (hospital.folder / page).read_text(encoding="utf-8")
    return re.sub(r"<[^>]*>", " ", re.sub(r"<style.*?</style>", "", written, flags=re.DOTALL))


@pytest.fixture
def kurume(hospital):
    hospital.exports(HEAD + "\n".join(rows()) + "\n")
    hospital.writes('key = "id"')
    return hospital


def test_the_page_says_that_it_does_not_leave(kurume, capsys):
    before = {path.name: path.read_bytes() for path in kurume.folder.iterdir()}
    assert explore(kurume) == 0
    after = {path.name: path.read_bytes() for path in kurume.folder.iterdir()}
    after_page = after.pop("explore.html").decode("utf-8")
    assert after_page.startswith("<!DOCTYPE html>")
    assert after == before
    text = text_of(kurume)
    assert "This page does not leave this hospital" in text
    assert '@top-center { content: "This page does not leave this hospital"' in after_page
    assert "40 rows were read from export.csv; 40 of them are used here, and 40 of these are eligible" in text
    assert "cox/os/all/multivariable" in text
    assert "Log-rank P" in text
    assert "explore.html" in capsys.readouterr().err


def test_the_page_loads_nothing(kurume):
    assert explore(kurume) == 0
    written = (kurume.folder / "explore.html").read_text(encoding="utf-8")
    assert not re.search(r'<script|<link|src=|href="(?!#)|url\((?!#|")|@import', written)


def test_rows_with_a_problem_are_listed_and_not_used(kurume):
    lines = list(rows())
    lines[3] = lines[3].replace(",2020-01-01,", ",2099-01-01,")  # in the future
    lines[4] = lines[4].replace(",2020-01-01,2021-05-05,", ",2020-01-01,2019-05-05,")  # dead before it began
    lines[7] = lines[7].replace("P7,", "P8,")  # two rows of one number
    kurume.exports(HEAD + "\n".join(lines) + "\n")
    assert explore(kurume) == 0
    text = text_of(kurume)
    assert "40 rows were read from export.csv; 36 of them are used here" in text
    assert "4 rows have a problem and are not used here" in text
    assert "1 row has a value that the study does not allow" in text
    assert "1 row has an impossible follow-up" in text
    assert "2 rows have no patient number or one that occurs more than once" in text
    assert "start is after death in 1 row, which cannot be" in text
    assert "2019-05-05" in text


def test_what_is_missing_together_and_far_out_is_shown(kurume):
    lines = list(rows())
    lines[6] = "P6,sorafenib,82,yes,900000,2020-01-01,,2021-07-07"
    kurume.exports(HEAD + "\n".join(lines) + "\n")
    assert explore(kurume) == 0
    text = re.sub(r"\s+", " ", text_of(kurume))
    assert "Missing values in 40 eligible rows variable missing % death 14 35.0% afp 8 20.0%" in text
    assert "variable row value afp 8 900000" in text


def test_several_rows_a_patient_are_one(kurume):
    lines = [line for line in rows() for _ in range(2)]
    kurume.exports(HEAD + "\n".join(lines) + "\n")
    kurume.writes('rows = { one_per = "id" }')
    assert explore(kurume) == 0
    text = text_of(kurume)
    assert "The 80 rows of the file are of 40 patients, and each patient became one row." in text
    assert "40 rows were read from export.csv; 40 of them are used here" in text


def test_without_eligible_rows_the_page_says_what_is_wrong(kurume):
    kurume.joins(rules='[[eligibility]]\nid = "old"\nrule = "age >= 99"\n')
    assert explore(kurume) == 0
    text = text_of(kurume)
    assert "0 of these are eligible" in text
    assert "Cox models" not in text


def test_a_study_of_days_without_a_comparison(hospital):
    hospital.joins_a_study_of_days()
    lines = [f"{('yes', 'no')[i % 2]},{100 + i * 37 % 900},{i % 3 % 2},{i * 11 % 90}" for i in range(30)]
    hospital.exports("arm,days,relapse,entry\n" + "\n".join(lines) + "\n")
    assert explore(hospital) == 0
    text = text_of(hospital)
    assert "Months since the origin" in text
    assert "The study has no dates" in text


@pytest.mark.parametrize(("page", "why"), [("export.csv", "not the name of a page"), ("keys/a.html", "among the keys")])
def test_nothing_else_is_replaced(kurume, capsys, page, why):
    before = (kurume.folder / "export.csv").read_bytes()
    assert explore(kurume, page=page) == 1
    assert why in capsys.readouterr().err
    assert (kurume.folder / "export.csv").read_bytes() == before


def test_without_lifelines_the_extra_is_named(kurume, capsys, monkeypatch):
    monkeypatch.setattr("riskset_site.commands.explore.find_spec", lambda name: None)
    assert explore(kurume) == 1
    assert "needs lifelines, which is not installed" in (said := capsys.readouterr().err)
    assert "python -m pip install 'riskset[explore]'" in said


def test_the_page_is_all_in_its_language(kurume, pseudo_language):
    assert explore(kurume, "--lang", pseudo_language) == 0
    own = ("arm", "age", "mvi", "afp", "start", "death", "last", "os", "sorafenib", "lenvatinib", "true", "false",
           "year", "ng", "mL", "A trial", "trial", "kurume", "export.csv", "cox", "all", "multivariable", "id", "NR",
           "P", "CI")  # fmt: skip
    written = (kurume.folder / "explore.html").read_text(encoding="utf-8")
    texts = re.findall(r">([^<>]+)<", re.sub(r"<style.*?</style>", "", written, flags=re.DOTALL))
    said = [re.sub(r"\[[a-z_.]+\]$", "", unescape(text).strip()) for text in texts]  # the code of an error
    assert [text for text in said if latin_words(text, own)] == []
    assert len(said) > 200


def test_the_command_line_alone_draws_nothing():
    printed = subprocess.run(
        [sys.executable, "-c", "import riskset_site.cli, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"matplotlib", "lifelines", "pandas", "riskset_site.explore"} & set(printed.stdout.split())
