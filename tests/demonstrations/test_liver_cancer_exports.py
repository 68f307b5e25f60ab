"""What each hospital of a demonstration exports comes through its site file and its program as the rows were meant."""

import csv
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from riskset.analyses.design import columns_of, matrix
from riskset.analyses.plan import plan
from riskset.study.load import parse_study
from riskset_demo.liver_cancer.assumptions import ADVERSE_EVENTS
from riskset_demo.liver_cancer.cohort import Patient, draw
from riskset_demo.liver_cancer.exports import SYSTEMS, export
from riskset_demo.studies import DEMONSTRATIONS
from riskset_demo.studies.made_up import HCC
from riskset_site.data.cohort import load_cohort


@pytest.fixture(params=DEMONSTRATIONS.values(), ids=DEMONSTRATIONS.keys())
def demonstration(request):
    return request.param


def test_hospitals_read_the_rows_that_were_pooled(demonstration, tmp_path):
    study = parse_study(demonstration.study.decode())
    asked = study.analyses["cox"]
    columns = columns_of(study, asked.multivariable)
    folders, pooled = demonstration.folders(), {name: demonstration.pooled(name) for name in asked.endpoints}
    assert set(study.sites) == set(folders)
    for site, files in folders.items():
        folder = tmp_path / site
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        cohort = load_cohort(folder / "site.toml", study)
        for endpoint in asked.endpoints:
            rows = cohort.outcomes(endpoint)
            meant = [row for row in pooled[endpoint] if row.site == site]
            meant = [row for row in meant if not np.isnan(list(row.columns.values())).any()]
            assert rows.days.tolist() == [row.days for row in meant]
            assert rows.event.tolist() == [row.event for row in meant]
            expected = [[row.columns[column.name] for column in columns] for row in meant]
            # a logarithm taken by numpy and by math
            np.testing.assert_allclose(matrix(columns, rows), expected, rtol=1e-15, atol=0)


def test_hospitals_read_the_responses_and_the_grades_that_were_drawn(tmp_path):
    study = parse_study(HCC.study.decode())
    responses, events = (
        next(s for s in plan(study).sets if s.complete_in and name in s.complete_in) for name in ("recist", "ae_rash")
    )
    for site in ("jeju", "sapporo"):
        for name, content in HCC.folders()[site].items():
            (tmp_path / name).write_bytes(content)
        cohort = load_cohort(tmp_path / "site.toml", study)
        meant = [p for p in draw(HCC.hospitals) if p.site == site]
        for name in ("recist", "mrecist"):
            codes = cohort.analysis_sets[responses.name].variables[name]
            assert [study.levels_of(name)[int(code)] for code in codes] == [getattr(p, name) for p in meant]
        for name in ADVERSE_EVENTS:
            grades = cohort.analysis_sets[events.name].variables[f"ae_{name}"]
            assert grades.tolist() == [p.adverse_events[name] for p in meant]


@pytest.mark.parametrize("site", ["seoul", "jeju", "tokyo", "sapporo"])
def test_an_export_is_in_the_hospitals_own_letters(site):
    content = HCC.folders()[site]["export.csv"]
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    header, *lines = csv.reader(content.decode(SYSTEMS[site].encoding).splitlines())
    hangul, kana = re.compile("[가-힣]"), re.compile("[ぁ-ヿ]")
    text = "".join(header + lines[0])
    assert bool(hangul.search(text)) == (SYSTEMS[site].encoding == "cp949") != bool(kana.search(text))


@pytest.mark.parametrize(
    ("site", "written"),
    [
        ("seoul", ["1959-02-01", "2021-05-09"]),
        ("jeju", ["1959.02.01", "2021.05.09"]),
        ("tokyo", ["1959/02/01", "2021/05/09"]),
        ("fukuoka", ["昭和34年2月1日", "令和3年5月9日"]),
        ("sapporo", ["S34.2.1", "R3.5.9"]),
    ],
)
def test_dates_are_written_as_the_hospital_writes_them(site, written, patient):
    _, line = csv.reader(export([patient], site).decode(SYSTEMS[site].encoding).splitlines())
    assert [text for text in line if text in written] == written


@pytest.fixture
def patient() -> Patient:
    return Patient(
        id="1", site="seoul", arm="sorafenib", born=date(1959, 2, 1), age=62, sex="F", aetiology="HBV", ecog=0,
        child_pugh="A", mvi=False, ehs=True, albumin=3.8, afp=1.0, start=date(2021, 5, 9), progression=None, death=None,
        last_contact=date(2022, 1, 1), recist="SD", mrecist="PR",
        adverse_events=dict.fromkeys(ADVERSE_EVENTS, 0) | {"rash": 3},
    )  # fmt: skip


def test_what_the_laboratory_cannot_measure_is_written_so(patient):
    assert b"<2.0" in export([patient], "seoul")


def test_the_first_year_of_an_era_has_its_own_name(patient):
    text = export([replace(patient, born=date(1989, 1, 8))], "fukuoka").decode("cp932")
    assert "平成元年1月8日" in text


def test_made_up_data_say_so_where_they_are_shown(demonstration):
    study = parse_study(demonstration.study.decode())
    if not demonstration.name.startswith("hcc"):
        assert "made" not in study.header.title["en"].lower()
        assert study.header.notice is None
        return
    assert study.header.notice.startswith("MADE-UP DATA")
    assert study.title_in("en").startswith("MADE-UP DATA")
    assert all(site.name.startswith("Made-up") for site in study.sites.values())
    assert "made-up" in study.label_of("arm")
    assert demonstration.description.startswith("MADE-UP")
