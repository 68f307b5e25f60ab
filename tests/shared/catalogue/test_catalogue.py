"""The catalogue and the code agree: every code that is said is there with its values, and every sentence is said."""

import ast
import copy
import pickle
import tomllib
from pathlib import Path

import pytest

from riskset.catalogue import ENGLISH, NOTHING, Message, _flat, catalogue, fields_of, say

ROOT = Path(__file__).parents[3]
PACKAGES = ("shared", "report", "site_client", "server", "notebook", "demonstrations")
SOURCES = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def calls():
    """Yields (where, first argument, names of the values) of every `say(...)` of the packages."""
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.args[0], {k.arg for k in node.keywords}


def family_of(argument):
    """Returns the code's fixed beginning where its end is chosen at run time, as in f"refusal.{code}"."""
    first = argument.values[0] if isinstance(argument, ast.JoinedStr) else None
    return first.value if isinstance(first, ast.Constant) else None


def test_every_code_that_is_said_is_in_the_catalogue_with_its_values():
    known = catalogue(ENGLISH)
    wrong = []
    for where, argument, names in calls():
        if isinstance(argument, ast.Constant):
            if argument.value not in known:
                wrong.append(f"{where}: no {argument.value}")
            elif None not in names and fields_of(known[argument.value]) != names:
                wrong.append(f"{where}: {argument.value} prints {sorted(fields_of(known[argument.value]))}")
        elif (family := family_of(argument)) is None or not any(code.startswith(family) for code in known):
            wrong.append(f"{where}: the code has no fixed beginning that the catalogue knows")
    assert not wrong, "\n".join(wrong)


def test_no_code_is_in_two_files_of_a_language():
    files = sorted((ROOT / "shared/riskset/catalogue" / ENGLISH).iterdir())
    assert sum(len(dict(_flat(tomllib.loads(file.read_text(encoding="utf-8")), ""))) for file in files) == len(
        catalogue(ENGLISH)
    )


def test_every_sentence_is_said():
    said = {argument.value for _, argument, _ in calls() if isinstance(argument, ast.Constant)}
    families = tuple(filter(None, (family_of(argument) for _, argument, _ in calls())))
    unused = [code for code in catalogue(ENGLISH) if code not in said and not (families and code.startswith(families))]
    assert not unused, "\n".join(unused)


@pytest.mark.parametrize(
    ("template", "names"),
    [("{a} of {b:g}", {"a", "b"}), ({"one": "1 row", "other": "{n} rows"}, {"n"}), ("none", set())],
)
def test_the_values_of_a_template(template, names):
    assert fields_of(template) == names


def test_a_message_is_told_by_code_and_values(monkeypatch):
    templates = {
        "x.time": "{time:g} {unit}s",
        "x.rows": {"one": "1 row", "other": "{n} rows"},
        "x.of": "of {names}",
        "x.and": "{names:, | and }",
        "x.both": "{names: and }",
    }
    monkeypatch.setattr("riskset.catalogue.catalogue", lambda _: templates)
    assert str(say("x.time", time=12.0, unit="month")) == "12 months"
    assert [str(say("x.rows", n=n)) for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert str(say("x.of", names=("a", "b"))) == "of a, b"
    listed = [say("x.and", names=names) for names in (("a",), ("a", "b"), ("a", "b", "c"))]
    assert listed == ["a", "a and b", "a, b and c"]
    assert str(say("x.both", names=(say("x.rows", n=1), say("x.of", names="a")))) == "1 row and of a"
    assert say("x.time", time=1, unit="day").to_json() == {"code": "x.time", "values": {"time": 1, "unit": "day"}}


def test_nothing_is_said_by_no_message():
    assert (NOTHING, bool(NOTHING)) == ("", False)


def test_a_copy_is_the_same_message(monkeypatch):
    monkeypatch.setattr("riskset.catalogue.catalogue", lambda _: {"x.y": "{a} of {b}"})
    message = say("x.y", a=1, b=("c", "d"))
    for copied in (copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
        assert (copied, copied.code, copied.values) == ("1 of c, d", "x.y", message.values)


@pytest.mark.parametrize(
    ("code", "lacks"), [("x.unknown", "x.unknown"), ("rules.nothing", "rules.nothing"), ("study.file.problems", "n")]
)
def test_an_unknown_code_or_a_missing_value_is_an_error(code, lacks):
    for make in (say, Message):
        with pytest.raises(KeyError, match=lacks):
            make(code)


def test_an_unknown_language_is_an_error():
    with pytest.raises(KeyError, match="xx"):
        catalogue("xx")
