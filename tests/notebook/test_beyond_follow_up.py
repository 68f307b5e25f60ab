"""Curves of six patients at a day on which nobody is followed: days 1, 1+, 6, 6, 8+, 9, every second of the new arm.

Of the old arm one of three is censored last, on day 8: after it the survival is not known, though R's
`summary(survfit(), extend = TRUE)` prints 1/3. Of the new arm all who are left have died by day 9, so it is 0.
"""

import csv

import pandas as pd
import pytest
from tests.notebook.conftest import ROWS, STUDY

import riskset

BEYOND = "no patient of this column is followed so long, and the curve keeps its last value."


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    text = STUDY.replace('kind = "km", endpoint = "os"', 'kind = "km", endpoint = "os", landmarks = [8, 10]')
    text = text.replace('event = "dead"\n', 'event = "dead"\ncompeting = ["lost"]\n')
    text = text.replace("[comparison]", 'lost = { type = "boolean" }\n[comparison]', 1)
    text += 'causes = { kind = "cumulative-incidence", endpoint = "os", landmarks = [8, 10] }\n'
    path = tmp_path_factory.mktemp("beyond") / "study.toml"
    path.write_text(text, encoding="utf-8")
    rows = pd.DataFrame(ROWS | {"lost": [False, True, False, False, False, False]})
    frames = {site: rows.iloc[2 * i : 2 * i + 2] for i, site in enumerate(("asan", "kurume", "osaka"))}
    return riskset.rehearse(riskset.read_study(path), frames, ignore_gate=True)


def table_of(result, path):
    result.to_csv(path)
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    return [row for row in rows if row[0] != "Note"], [row[1] for row in rows if row[0] == "Note"]


def test_a_survival_after_the_last_patient_says_so(run, tmp_path):
    rows, notes = table_of(run["km/os/all"], tmp_path / "table.csv")
    at_8, at_10 = (row[2:] for row in rows[-2:])
    assert [text[:4] for text in at_8] == ["33.3", "50.0", "41.7"]
    assert not any("*" in text for text in at_8)
    assert at_10[0].startswith("33.3")
    assert at_10[0].endswith("*")
    assert at_10[1:] == ["0.0 (n.e.)†", "0.0 (n.e.)†"]  # all have died
    assert f"* {BEYOND}" in notes


def test_an_incidence_after_the_last_patient_says_so(run, tmp_path):
    rows, notes = table_of(run["cumulative-incidence/os/all"], tmp_path / "table.csv")
    marked = [[text.endswith("*") for text in row[2:]] for row in rows if "at 10" in row[1]]
    assert marked == [[True, False, False]] * 2  # of the others, each has had one of the two events
    assert not any("*" in text for row in rows if "at 8" in row[1] for text in row)
    assert f"* {BEYOND}" in notes
