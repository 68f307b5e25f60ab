"""The catalogue and the code agree: every code that is said is there with its values, and every sentence is said."""

import ast
import copy
import pickle
import re
import string
import tomllib
from functools import cache
from pathlib import Path

import pytest

from riskset.catalogue import (
    ENGLISH,
    NOTHING,
    Message,
    UnknownLanguage,
    _flat,
    catalogue,
    fields_of,
    in_language,
    languages,
    say,
)

ROOT = Path(__file__).parents[3]
PACKAGES = ("shared", "report", "release", "site_client", "server", "notebook", "demonstrations")
SOURCES = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


@cache
def calls():
    """Returns (where, first argument, values by name) of every `say(...)` of the packages, and of what says the
    same in a report's language: `context.say(...)`, `context.worded(...)`. The sources are read once for all tests."""
    return tuple(_calls())


def _calls():
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_said(node.func) and not _is_handed_on(node.args[0]):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.args[0], {k.arg: k.value for k in node.keywords}


def _is_said(called):
    if isinstance(called, ast.Attribute):
        return called.attr in ("say", "_say", "worded")
    return isinstance(called, ast.Name) and called.id == "say"


def _is_handed_on(argument):
    return isinstance(argument, ast.Name) and argument.id == "code"


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
            elif None not in names and fields_of(known[argument.value]) != set(names):
                wrong.append(f"{where}: {argument.value} prints {sorted(fields_of(known[argument.value]))}")
        elif (family := family_of(argument)) is None or not any(code.startswith(family) for code in known):
            wrong.append(f"{where}: the code has no fixed beginning that the catalogue knows")
    assert not wrong, "\n".join(wrong)


def is_text(value):
    """Whether an expression is a text for certain: written out, or joined."""
    is_joined = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "join"
    return is_joined or isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and value.value != "")


def test_what_a_sentence_lists_is_no_text():
    """A text cannot be written by a format that says what stands between the parts of a list."""
    wrong, known = [], catalogue(ENGLISH)
    for where, argument, values in calls():
        template = known.get(argument.value) if isinstance(argument, ast.Constant) else None
        for text in template.values() if isinstance(template, dict) else [template or ""]:
            listed = {name for _, name, form, _ in string.Formatter().parse(text) if form and " " in form}
            wrong += [f"{where}: {name}" for name in listed if is_text(values.get(name))]
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


@pytest.mark.parametrize("language", ["xx", "", "..", "en/..", "EN", "__pycache__"])
def test_an_unknown_language_is_an_error_that_names_the_known_ones(language):
    for ask in (catalogue, say("cli.stopped").in_language):
        with pytest.raises(UnknownLanguage, match=re.escape(repr(language))) as error:
            ask(language)
        assert str(languages()[0]) in str(error.value)


def differences(english, other):
    """Returns what a language lacks of the English sentences, or has of its own: sentences, values, plural forms."""
    return [
        *(f"lacks {code}" for code in english.keys() - other.keys()),
        *(f"has {code}, which is no sentence" for code in other.keys() - english.keys()),
        *(
            f"{code}: {shape_of(other[code])}, in English {shape_of(english[code])}"
            for code in english.keys() & other.keys()
            if shape_of(english[code]) != shape_of(other[code])
        ),
    ]


def shape_of(template):
    """Returns the names of the values that a template prints, and whether `n` chooses between two forms."""
    return sorted(fields_of(template)), not isinstance(template, str)


@pytest.mark.parametrize("language", languages())
def test_a_language_has_every_sentence_with_its_values_and_plural_forms(language):
    assert not differences(catalogue(ENGLISH), catalogue(language))


def test_what_another_language_lacks_is_told():
    english = {"a": "{n} of {all}", "b": {"one": "1 site", "other": "{n} sites"}, "c": "c"}
    assert not differences(english, {"a": "{all}: {n}", "b": {"one": "{n}", "other": "{n}"}, "c": "d"})
    assert len(differences(english, {"a": "{all}", "b": "{n}", "d": "d"})) == 4


def test_a_sentence_is_said_again_in_another_language(monkeypatch):
    english, other = {"x.a": "{n} of {b}", "x.b": "b"}, {"x.a": "{b}: {n}", "x.b": "B"}
    monkeypatch.setattr("riskset.catalogue.catalogue", {"en": english, "de": other}.__getitem__)
    message = say("x.a", n=2, b=say("x.b"))
    assert (message, message.in_language("de")) == ("2 of b", "B: 2")
    assert (in_language(message, "de"), in_language("as it is", "de")) == ("B: 2", "as it is")
    assert list(message.pieces("de", int)) == ["", "B", ": ", 2]
