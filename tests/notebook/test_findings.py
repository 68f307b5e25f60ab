"""What a rule finds at a single site: a rehearsal shows it, and a real run shows it to that site alone."""

import pandas as pd
import pytest
from tests.notebook.conftest import STUDY

import riskset

N = 60
RESPONSE = 'response = { kind = "response", of = ["stage"], orr = ["I"], dcr = ["I"] }\n'


def frame(*, is_rare):
    """Returns 60 patients, half of each arm and half of each stage; or with one patient of each arm in stage II."""
    return pd.DataFrame(
        {
            "arm": ["old", "new"] * (N // 2),
            "days": [1 + i % 40 for i in range(N)],
            "dead": [i % 3 > 0 for i in range(N)],
            "stage": ["II" if i < 2 or (not is_rare and i // 2 % 2) else "I" for i in range(N)],
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("findings") / "study.toml"
    path.write_text(STUDY + RESPONSE, encoding="utf-8")
    frames = {site: frame(is_rare=site == "osaka") for site in ("asan", "kurume", "osaka")}
    return riskset.rehearse(riskset.read_study(path), frames)


def test_the_site_and_its_figure(run):
    """At osaka one patient of each arm is in stage II, and a cell has to be of 5 or of none."""
    found = run.findings().drop(columns="remedy").to_dict("records")
    site = {"site": "osaka", "id": "response/all/by-site", "rule": "R4", "limit_name": "R4.cell"}
    assert found == [{**site, "limit": 5.0, "found": 1.0, "verdict": "fail"}]


def test_the_overview_does_not_name_the_site(run):
    refused = run.to_frame().set_index("id").loc["response/all/by-site"]
    assert (refused["status"], refused["rule"]) == ("refused", "R4")
    assert "osaka" not in refused["reason"] + refused["remedy"]


def test_the_refused_comparison_is_a_row_with_the_reason(run):
    result = run["response/all/by-site"]
    (row,) = result.to_frame().to_dict("records")
    assert row["reason"] == result.reason
    assert pd.isna(row["estimate"])
