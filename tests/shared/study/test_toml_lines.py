"""The line of every key, found in TOML written in many styles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.study.toml_lines import Repeated, key_lines, line_of, repeated
from riskset.study.toml_text import NotToml, read_toml

WRITTEN = '''\
schema = 1
a.b."c d" = { x = 1, y = [1,
  2, { z = 'q#=[' }] }  # a comment with = and [brackets]
[sites]
k = """
[no.table]
not = 'a key'
"""
'quoted.key' = "a \\" = 'quote'"
[[rules]]
id = 1
at = 2018-06-01 07:00:00
[[rules]]
id = 2.5
[rules.sub]
q = [ ]
[[rules.deeper]]
u = 1
[[rules.deeper]]
u = 2
'''


def test_nothing_is_there_twice_in_a_valid_text():
    assert repeated(WRITTEN) is None


TWICE = {
    "a = 1\nb = 2\na = [3,\n 4]\n": Repeated("a", 1, is_table=False),
    'a = "薬"\n"a" = { x = 1 }\n': Repeated("a", 1, is_table=False),
    "\n[map]\narm = 1\n[map]\nage = 2\n": Repeated("map", 2, is_table=True),
    "[a.b]\nc = 1\n[a]\n[a.b]\n": Repeated("b", 1, is_table=True),
    "[a.b]\nc = 1\n[a]\nb.c = 3\n": Repeated("b", 1, is_table=False),
    "a = 1\na.b = 2\n": Repeated("a", 1, is_table=False),
    "a = 1\n[a.b]\n": Repeated("a", 1, is_table=False),
    "x = [1]\n[[x]]\n": Repeated("x", 1, is_table=False),
    "[[x]]\n[[x]]\ny = 1\n[x.z]\n[[x]]\ny = 1\n\ny = 1\n": Repeated("y", 6, is_table=False),
    "a = { b = { x = 1, y = [2,\n 3], x = 3 } }\n": Repeated("x", 1, is_table=False),
    "a = 1\na = 2 ] = {\n": Repeated("a", 1, is_table=False),
}
"""From texts to the name that each has twice."""


@pytest.mark.parametrize("text", TWICE)
def test_a_name_that_is_there_twice_is_told_with_its_first_line(text):
    assert repeated(text) == TWICE[text]
    with pytest.raises(NotToml) as refused:
        read_toml(text)
    assert refused.value.reason.code in ("study.file.twice", "study.file.table_twice")
    assert f"line {TWICE[text].first}" in str(refused.value.reason)


def test_a_name_whose_first_line_is_not_found_is_told_as_well():
    with pytest.raises(NotToml) as refused:
        read_toml("a.b = 1\n[a]\n")
    assert refused.value.reason.code == "study.file.duplicate_key"


def test_a_key_has_its_line_however_it_is_written():
    assert key_lines(WRITTEN) == {
        ("schema",): 1,
        ("a",): 2,
        ("a", "b"): 2,
        ("a", "b", "c d"): 2,
        ("a", "b", "c d", "x"): 2,
        ("a", "b", "c d", "y"): 2,
        ("a", "b", "c d", "y", 0): 2,
        ("a", "b", "c d", "y", 1): 3,
        ("a", "b", "c d", "y", 2): 3,
        ("a", "b", "c d", "y", 2, "z"): 3,
        ("sites",): 4,
        ("sites", "k"): 5,
        ("sites", "quoted.key"): 9,
        ("rules",): 10,
        ("rules", 0): 10,
        ("rules", 0, "id"): 11,
        ("rules", 0, "at"): 12,
        ("rules", 1): 13,
        ("rules", 1, "id"): 14,
        ("rules", 1, "sub"): 15,
        ("rules", 1, "sub", "q"): 16,
        ("rules", 1, "deeper"): 17,
        ("rules", 1, "deeper", 0): 17,
        ("rules", 1, "deeper", 0, "u"): 18,
        ("rules", 1, "deeper", 1): 19,
        ("rules", 1, "deeper", 1, "u"): 20,
    }


def test_what_is_not_in_the_file_has_the_line_of_its_table():
    lines = key_lines(WRITTEN)
    assert line_of(lines, ("rules", 1, "sub", "missing")) == 15
    assert line_of(lines, ("nowhere",)) is None


def test_windows_line_ends_count_once():
    assert key_lines("a = 1\r\n# c\r\nb = [\r\n 1,\r\n]\r\nc = 2\r\n")[("c",)] == 6


keys = st.text("abc. #='[é", min_size=1, max_size=4)
scalars = st.integers() | st.text("ab#=[]{},.'\\\n", max_size=6) | st.booleans() | st.dates()


def written_key(key):
    return "'" + key + "'" if "'" not in key else '"' + key + '"'


def written(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{written_key(k)} = {written(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + "".join(f"  {written(item)}, # ]\n" for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return str(value).lower()


@given(st.lists(st.tuples(keys, scalars | st.lists(scalars, max_size=3)), max_size=8, unique_by=lambda pair: pair[0]))
def test_each_key_is_found_where_it_was_written(pairs):
    text, expected = "", {}
    for key, value in pairs:
        expected[(key,)] = text.count("\n") + 1
        text += f"{written_key(key)} = {written(value)}\n\n"
    found = key_lines(text)
    assert {path: line for path, line in found.items() if len(path) == 1} == expected
