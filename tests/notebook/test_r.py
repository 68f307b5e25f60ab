"""docs/r/read_results.R, where R is installed: it reads the folder of a run into the frames that Python has."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from riskset_report.csv_file import csv_file

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = DOCS / "r" / "read_results.R"
EXAMPLES = re.findall(r"```r\n(.*?)```", (DOCS / "r.md").read_text(encoding="utf-8"), re.DOTALL)
pytestmark = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")


def in_r(code, folder):
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", "options(warn = 2)", "-e", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def has(package):
    return "TRUE" in in_r(f'cat(requireNamespace("{package}", quietly = TRUE))', DOCS)


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    """The folder of the run of six patients, and the frames of R beside it."""
    folder = tmp_path_factory.mktemp("r")
    run.write(folder / "run")
    in_r(
        f'source({json.dumps(str(SCRIPT))}); run <- read_run("run"); '
        'write.csv(run$terms, "terms.csv", row.names = FALSE); '
        'write.csv(run$curves, "curves.csv", row.names = FALSE); '
        'if (!is.null(run$overview)) write.csv(run$overview, "overview.csv", row.names = FALSE)',
        folder,
    )
    return folder


def test_the_terms_are_those_of_python(folder, run):
    found, expected = pd.read_csv(folder / "terms.csv"), run.cox().to_frame()
    assert found["result"].tolist() == ["cox/os/all/multivariable"]
    assert found["label"].tolist() == ["arm: new"]
    for theirs, ours in (("estimate", "coef"), ("std.error", "se"), ("ratio", "hr"), ("ratio.low", "lower")):
        assert found[theirs].tolist() == pytest.approx(expected[ours].tolist(), rel=1e-12)


def test_the_curves_are_those_of_python_from_time_0(folder, run):
    found, expected = pd.read_csv(folder / "curves.csv"), run.km().to_frame()
    assert found["strata"].unique().tolist() == ["All", "arm=old", "arm=new"]
    for strata, curve in found.groupby("strata"):
        level = None if strata == "All" else strata.removeprefix("arm=")
        own = expected[expected["level"].isna() if level is None else expected["level"] == level]
        first, later = curve.iloc[0], curve.iloc[1:]
        assert first[["time", "surv", "lower", "upper", "n.event"]].tolist() == [0, 1, 1, 1, 0]
        for theirs, ours in (("time", "day"), ("n.risk", "at_risk"), ("surv", "survival"), ("std.err", "std_error")):
            assert later[theirs].tolist() == pytest.approx(own[ours].tolist(), rel=1e-12, nan_ok=True)


def test_the_overview_is_that_of_python(folder, run):
    if not has("jsonlite"):
        pytest.skip("jsonlite is not installed")
    found = pd.read_csv(folder / "overview.csv")
    assert found[["id", "status"]].to_numpy().tolist() == run.to_frame()[["id", "status"]].to_numpy().tolist()


def test_terms_of_a_model_are_in_its_order_whatever_stands_before_it(tmp_path):
    """A factor in the file's order, in which another result has age before the arm, would draw the arm below age."""
    rows = [("one", "age", ""), ("two", "arm", "new"), ("two", "age", "")]
    (tmp_path / "terms.csv").write_bytes(csv_file(("result", "variable", "level"), rows))
    code = f'source({json.dumps(str(SCRIPT))}); x <- read_terms("."); cat(levels(terms_of(x, "two")$label), sep = ",")'
    assert in_r(code, tmp_path) == "arm: new,age"
    assert "there are: one, two" in in_r(
        f'{code}; tryCatch(terms_of(x, "no"), error = function(e) cat(e$message))', tmp_path
    )


def test_a_curve_whose_first_number_is_held_back_still_begins_at_1(tmp_path):
    names = ("result", "kind", "strata", "cause", "time", "n.risk", "n.event", "n.censor", "surv", "cuminc", "reason")
    names = (*names, "std.err", "lower", "upper", "cumhaz", "std.chaz")
    km = ("km/os", "km", "All", "", "7", "9", "1", "0", "suppressed", "", "few", *["0.1"] * 5)
    incidence = (
        "ci/os",
        "cumulative-incidence",
        "All",
        "death",
        "7",
        "9",
        "1",
        "",
        "",
        "0.1",
        "",
        *["0.1"] * 3,
        "",
        "",
    )
    (tmp_path / "curves.csv").write_bytes(csv_file(names, [km, incidence]))
    in_r(f'source({json.dumps(str(SCRIPT))}); write.csv(read_curves("."), "out.csv", na = "")', tmp_path)
    found = pd.read_csv(tmp_path / "out.csv")
    assert found["time"].tolist() == [0, 7, 0, 7]
    assert found.loc[0, ["surv", "lower", "upper", "cumhaz", "n.censor"]].tolist() == [1, 1, 1, 0, 0]
    assert found.loc[2, ["cuminc", "lower", "upper", "std.err"]].tolist() == [0, 0, 0, 0]
    assert found.loc[2, ["surv", "cumhaz", "std.chaz", "n.censor"]].isna().all()


@pytest.mark.parametrize("package", [None, "survminer", "ggplot2"])
def test_the_examples_run(package, folder, tmp_path):
    """Those of base R, and with them those of one package; skipped by name where that is not installed."""
    if package is not None and not has(package):
        pytest.skip(f"{package} is not installed in R")
    (tmp_path / "docs").symlink_to(DOCS)
    shutil.copytree(folder / "run", tmp_path / "results" / "RUN")
    chosen = [code for code in EXAMPLES if needed(code) in (None, package)]
    assert len(chosen) == (1 if package is None else 2)
    in_r("\n".join(chosen), tmp_path)


def needed(code):
    """The package that an example loads; None for base R."""
    found = re.search(r"library\((\w+)\)", code)
    return found and found[1]


def test_texts_and_numbers_are_read_as_they_were_written(tmp_path):
    texts = ["=1+1", "+", "-", "@x", "'quoted", "a,b", 'a"b', "한국어", "plain", ""]
    numbers = ["1", "-0.5", "2.5e-300", "suppressed", "", "0", "7", "8", "9", "10"]
    rows = zip(texts, numbers, strict=True)
    (tmp_path / "in.csv").write_bytes(csv_file(("level", "n.event"), list(rows)))
    code = f'source({json.dumps(str(SCRIPT))}); x <- read_riskset_csv("in.csv", "n.event"); '
    in_r(code + 'write.csv(x, "out.csv", row.names = FALSE, na = "", fileEncoding = "UTF-8")', tmp_path)
    found = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert found["level"].tolist() == texts
    assert [float(n) if n else None for n in found["n.event"]] == [1, -0.5, 2.5e-300, None, None, 0, 7, 8, 9, 10]
