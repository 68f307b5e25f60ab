"""`[release]` of a study: what it may say, and that a study without it is the one that it was."""

import json
from pathlib import Path

import pytest

from riskset.errors import DataError
from riskset.study.differences import differences
from riskset.study.in_words import decided_by
from riskset.study.load import canonical_json, load_study, parse_study, study_from_json, study_hash

FILE = Path(__file__).parents[3] / "configs" / "hcc-second-line.toml"
TEXT, PLAIN = FILE.read_text(encoding="utf-8"), load_study(FILE)


def read(*lines):
    return parse_study("\n".join([TEXT, "[release]", *lines]))


def test_it_is_part_of_what_hospitals_approve():
    studies = [PLAIN, read(), read("accepts = 3"), read('requesters = ["park"]'), read("veto_days = 14")]
    assert len({study_hash(study) for study in studies}) == len(studies)
    assert "release" not in json.loads(canonical_json(PLAIN))
    assert json.loads(canonical_json(read()))["release"] == {"accepts": 2, "requesters": [], "veto_days": None}
    for study in studies:
        assert study_from_json(canonical_json(study)) == study


def test_a_new_version_says_what_changed():
    assert differences(PLAIN, read("accepts = 3"))
    (told,) = differences(read("accepts = 3"), read("accepts = 2"))
    assert str(told) == "Section [release]: accepts changed from 3 to 2."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("accepts = 0", "must be at least 1, found 0"),
        ("accepts = 21", "must be at most 20, found 21"),
        ("accepts = 2.0", "expected a whole number, found 2.0"),
        ("veto_days = 0", "must be at least 1, found 0"),
        ('requesters = "park"', "expected a list in square brackets"),
        ('requesters = ["Prof. Park"]', "expected an auditor's short name"),
        ('requesters = ["park", "park"]', "duplicate name: park"),
        ("veto_until = 2026-12-31", "unknown key"),
    ],
    ids=str,
)
def test_what_it_cannot_say_is_told_with_its_line(line, said):
    with pytest.raises(DataError) as wrong:
        read(line)
    (problem,) = wrong.value.problems
    assert said in problem.message
    assert problem.line == len(TEXT.split("\n")) + 2


def test_a_table_that_the_program_does_not_know_is_refused_by_name():
    """So does a program of before the table: it ignores nothing that a hospital would approve."""
    document = json.loads(canonical_json(PLAIN)) | {"later": {}}
    with pytest.raises(DataError) as wrong:
        study_from_json(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    assert [problem.where for problem in wrong.value.problems] == ["[later]"]


def test_its_sentences():
    assert decided_by(PLAIN) == ()
    told = " ".join(map(str, decided_by(read("accepts = 3", 'requesters = ["park", "lee"]', "veto_days = 14"))))
    assert "3 auditors, none of whom wrote or requested the analysis" in told
    assert "do not vote: park" in told
    assert "For 14 days (UTC)" in told
    assert "Until when, the study does not say" in str(decided_by(read())[-1])
