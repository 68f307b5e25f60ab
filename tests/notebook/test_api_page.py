"""docs/api.md is the public API: its names, signatures and frames are those of the code, and its examples run. So do
those of README.md and docs/results.md."""

import inspect
import re
from pathlib import Path

import pytest
from matplotlib import pyplot

import riskset
import riskset_notebook
from riskset.notebook_names import NAMES
from riskset_notebook import result
from riskset_notebook.columns import COUNT, NUMBER, TEXT, TRUTH
from riskset_notebook.frames import _KINDS, _NUMBERS, _OF_THEIR_OWN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
CLASSES = {
    "Run": riskset_notebook.Run,
    "StudyDesign": riskset_notebook.StudyDesign,
    **{name: getattr(result, name) for name in ("Result", "KaplanMeier", "CumulativeIncidence")},
}


def signature_of(function):
    """Returns `(path, study=None)`: no types, and no `self`."""
    signature = inspect.signature(function)
    kept = [one.replace(annotation=one.empty) for name, one in signature.parameters.items() if name != "self"]
    return str(signature.replace(parameters=kept, return_annotation=signature.empty))


def members_of(name, class_):
    """Yields what a class adds that is public, as the page writes it."""
    for member, value in vars(class_).items():
        if member.startswith("_") or member in ("document", "setting", "tables", "spec"):
            continue
        yield f"{name}.{member}" if isinstance(value, property) else f"{name}.{member}{signature_of(value)}"


def test_the_functions_are_those_of_the_code():
    headings = re.findall(r"^### `riskset\.(.+)`$", PAGE, re.MULTILINE)
    functions = [name for name in NAMES if not inspect.isclass(getattr(riskset, name))]
    assert sorted(headings) == sorted(f"{name}{signature_of(getattr(riskset, name))}" for name in functions)


def test_the_classes_are_those_of_the_code():
    rows = re.findall(rf"^\| `((?:{'|'.join(CLASSES)})\..+?)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(one for name, class_ in CLASSES.items() for one in members_of(name, class_))
    assert {name for name in NAMES if inspect.isclass(getattr(riskset, name))} <= set(CLASSES)


def rows_of(kind, parts):
    return [f"| `{kind}` | `{part}` | {', '.join(f'`{name}`' for name in of.columns)} |" for part, of in parts.items()]


def test_the_frames_are_those_of_the_code():
    own = [row for kind, parts in _KINDS.items() for row in rows_of(kind, parts)]
    own += [row for (kind, end), parts in _OF_THEIR_OWN.items() for row in rows_of(f"{kind} (.../{end})", parts)]
    table = PAGE.split("| kind | part | columns |\n|---|---|---|\n")[1]
    assert sorted(table.splitlines()) == sorted(own)
    assert f"({', '.join(f'`{name}`' for name in _NUMBERS.columns)})" in PAGE


def test_the_types_are_those_of_the_code():
    assert all(f"`{type_}`" in PAGE for type_ in (NUMBER, COUNT, TEXT, TRUTH))


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """What the examples have defined, run in their order beside the folder `results` that they load."""
    folder, names = tmp_path_factory.mktemp("api"), {}
    (folder / "docs").symlink_to(ROOT / "docs")
    try_a_design, *others = EXAMPLES
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        pyplot.switch_backend("Agg")
        exec(try_a_design, names)
        names["run"].write("results/rehearsal")
        for example in others:
            exec(example, names)
    yield names, folder
    pyplot.close("all")


def test_the_examples_run(ran):
    names, folder = ran
    assert names["terms"]["reason"].isna().all()
    assert (folder / "survival.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "table1.docx").read_bytes() == (folder / "results/rehearsal/tables/table1-all.docx").read_bytes()


def example_of(page):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    return code


def test_the_example_of_the_readme_runs(ran, monkeypatch):
    names, folder = ran
    two_sites = re.sub(r"(?m)^(south|west) .*\n", "", (ROOT / "docs/notebooks/first-study.toml").read_text("utf-8"))
    text = two_sites.replace("north = ", "asan = ").replace("east  = ", "kurume = ")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    patients = names["patients"]
    defined = {"asan": patients.iloc[:100], "kurume": patients.iloc[100:]}
    monkeypatch.chdir(folder)
    (folder / "table1.docx").unlink()
    exec(example_of("README.md"), defined)
    assert (folder / "table1.docx").is_file()
    assert list(defined["study"].sites) == ["asan", "kurume"]


def test_the_example_of_the_results_runs(ran, monkeypatch, capsys):
    names, folder = ran
    monkeypatch.chdir(folder / "results" / "rehearsal")
    exec(example_of("docs/results.md"), {})
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in printed] == names["terms"]["variable"].tolist()
    assert [float(line[-3]) for line in printed] == pytest.approx(names["terms"]["hr"].tolist(), rel=1e-12)
