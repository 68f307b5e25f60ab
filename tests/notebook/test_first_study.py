"""The notebook of docs/notebooks: its code runs from the first cell to the last, and it shows what its text says."""

import json
from pathlib import Path

import pytest
from matplotlib import pyplot

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
NOTEBOOK = json.loads((FOLDER / "first-study.ipynb").read_text(encoding="utf-8"))
CODE = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What the notebook has defined when all of its cells were run, in a folder with its study."""
    folder, defined = tmp_path_factory.mktemp("notebook"), {}
    (folder / "first-study.toml").write_bytes((FOLDER / "first-study.toml").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        pyplot.switch_backend("Agg")
        for number, cell in enumerate(CODE, 1):
            exec(compile(cell, f"cell {number}", "exec"), defined)
    yield {**defined, "folder": folder}
    pyplot.close("all")


def test_it_is_a_notebook_without_outputs():
    assert NOTEBOOK["nbformat"] == 4
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    code = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)


def test_age_is_refused_at_first_and_then_passes(names):
    verdicts = names["verdicts"].set_index("id")
    assert verdicts.loc["table1/all", ["status", "rule"]].tolist() == ["ok", "R2"]
    assert names["run"].to_frame()["rule"].isna().all()
    assert (names["run"].to_frame()["status"] == "ok").all()


def test_the_terms_are_those_of_the_model(names):
    terms = names["terms"]
    assert terms["label"].tolist() == ["Sex", "Age, per year", *["ECOG performance status"] * 2]
    assert terms[["hr", "lower", "upper", "p"]].notna().all(axis=None)


def test_the_curves_are_drawn_with_numbers_at_risk(names):
    axes = names["axes"]
    assert [line.get_label() for line in axes.get_lines()] == ["male", "female"]
    assert {"136", "90"} <= {text.get_text() for text in axes.texts}


def test_table_1_is_written_for_word(names):
    docx = pytest.importorskip("docx")
    (table,) = docx.Document(names["folder"] / "table1.docx").tables
    assert "Age" in {cell.text.split(",")[0] for cell in table.columns[0].cells}
