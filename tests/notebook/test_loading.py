"""What `load` takes, and what it refuses by name."""

import json
import shutil

import pandas as pd
import pytest
from tests.notebook.conftest import STUDY

import riskset
from riskset.errors import DataError


@pytest.fixture(scope="module")
def results(run, tmp_path_factory):
    """A folder with the folder of one run."""
    folder = tmp_path_factory.mktemp("loading") / "results"
    run.write(folder / "rehearsal")
    return folder


def refused(path, *study):
    with pytest.raises(DataError) as error:
        riskset.load(path, *study)
    return str(error.value), getattr(error.value, "__notes__", [])


@pytest.mark.parametrize("place", ["", "rehearsal", "rehearsal/results.json"])
def test_a_run_by_its_file_its_folder_or_the_folder_above(results, run, place):
    found = riskset.load(results / place)
    assert {id_: result.json for id_, result in found.items()} == {id_: result.json for id_, result in run.items()}
    assert (found.id, found.sites, found.notices) == (run.id, run.sites, run.notices)


def test_labels_are_those_of_the_study(results, study):
    labels = [riskset.load(results, *given).cox().to_frame()["label"].tolist() for given in ((), (study,))]
    assert labels == [["arm"], ["Treatment"]]


def test_the_run_of_another_study_is_refused(results, tmp_path, study):
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace('version = "1"', 'version = "2"'), encoding="utf-8")
    message, _ = refused(results, riskset.read_study(path))
    assert message.endswith("is of another study, or of another version of it, than 'six' here")


def test_no_run_and_several(results, tmp_path):
    assert refused(tmp_path)[0] == f"there is no results.json in {tmp_path}, nor in a folder of it"
    for name in ("a", "b"):
        shutil.copytree(results / "rehearsal", tmp_path / name)
    message, notes = refused(tmp_path)
    assert message == f"{tmp_path} has the folders of 2 runs"
    assert notes == [f"hint: load one of: {tmp_path / 'a'}, {tmp_path / 'b'}"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON: not JSON in UTF-8: JSONDecodeError"),
        ("[]", "is not the results.json of a run"),
        ('{"schema": 1}', "is not the results.json of a run"),
        (None, "has the schema 2, and this version reads 1"),
    ],
)
def test_another_file_is_refused(results, tmp_path, content, said):
    document = json.loads((results / "rehearsal" / "results.json").read_text(encoding="utf-8"))
    path = tmp_path / "results.json"
    path.write_text(json.dumps({**document, "schema": 2}) if content is None else content, encoding="utf-8")
    assert refused(path)[0] == f"{path} {said}"


def test_an_unknown_id_and_an_unknown_part_name_near_ones(run):
    with pytest.raises(KeyError) as unknown:
        run["km/os/al"]
    assert str(unknown.value) == "run rehearsal has no result 'km/os/al'"
    assert unknown.value.__notes__ == ["hint: did you mean 'km/os/all'?"]
    with pytest.raises(DataError, match="km/os/all has no part 'quartile'") as part:
        run.km().to_frame("quartile")
    assert part.value.__notes__ == ["hint: did you mean 'quartiles'?"]
    assert run.get("km/os/al") is None
    assert "km/os/al" not in run


def test_what_is_not_there_or_there_several_times(run):
    with pytest.raises(KeyError) as none:
        run.cumulative_incidence()
    assert none.value.__notes__ == ["hint: it has results of the kinds: km, cox, table1"]
    with pytest.raises(KeyError) as other:
        run.km("pfs")
    assert other.value.__notes__ == ["hint: of this kind it has: km/os/all"]


@pytest.mark.parametrize("form", ["docx", "html", "csv"])
def test_a_table_is_the_file_of_the_report(results, run, tmp_path, form):
    for number, of in enumerate((run, riskset.load(results))):
        getattr(of.table1(), f"to_{form}")(tmp_path / f"{number}.{form}")
    kept = results / "rehearsal" / "tables" / f"table1-all.{form}"
    assert [(tmp_path / f"{n}.{form}").read_bytes() for n in (0, 1)] == [kept.read_bytes()] * 2


def test_a_result_without_a_table_of_its_own_says_which_have_one(results, run, tmp_path):
    with pytest.raises(DataError, match="the report has no table of cox/os/all/multivariable alone"):
        run.cox().to_docx(tmp_path / "cox.docx")
    with pytest.raises(DataError, match="there is no table of cox/os/all/multivariable: ") as no_file:
        riskset.load(results).cox().to_docx(tmp_path / "cox.docx")
    assert "table1-all.docx" in no_file.value.__notes__[0]
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_read_is_not_written_again(results, tmp_path):
    with pytest.raises(DataError, match="the run was read from ") as written:
        riskset.load(results).write(tmp_path / "again")
    assert written.value.__notes__ == ["hint: copy that folder"]


def test_a_run_that_was_read_has_no_findings_of_sites(results):
    findings = riskset.load(results).findings()
    assert findings.empty
    assert list(findings) == ["site", "id", "rule", "limit_name", "limit", "found", "verdict", "remedy"]


def test_texts_of_a_study_are_no_html(study, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace("Six patients", "<script>"), encoding="utf-8")
    assert "<script>" not in riskset.read_study(path)._repr_html_()
    assert "<table" in study._repr_html_()
    assert isinstance(study.to_frame(), pd.DataFrame)
