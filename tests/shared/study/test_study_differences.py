"""What a new version of a study changes is told in sentences, one for each thing, old and new, and completely."""

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.study.differences import differences
from riskset.study.load import canonical_json, load_study, parse_study, study_from_json, study_hash

FILE = Path(__file__).parents[3] / "configs" / "hcc-second-line.toml"
TEXT = FILE.read_text(encoding="utf-8")
STUDY = load_study(FILE)


def told(*replaced):
    """Returns what is told of the study of `configs/` after replacing pieces of its text, given in pairs."""
    text = TEXT
    for old, new in zip(replaced[::2], replaced[1::2], strict=True):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return differences(STUDY, parse_study(text))


def test_the_same_study_has_no_differences():
    assert differences(STUDY, STUDY) == []


def test_spacing_and_comments_are_no_differences():
    assert differences(STUDY, parse_study(TEXT + "\n# another comment\n")) == []


CHANGES = {
    "the header": (
        ("data_cutoff  = 2024-05-31", "data_cutoff  = 2024-12-31"),
        ['Study: data_cutoff was "2024-05-31" and is now "2024-12-31".'],
    ),
    "the version": (
        ('version      = "1.0.0"', 'version      = "1.1.0"'),
        ['Study: version was "1.0.0" and is now "1.1.0".'],
    ),
    "the period": (
        ("from = 2018-06-01", "from = 2017-06-01"),
        ['Study: enrolled: from was "2018-06-01" and is now "2017-06-01".'],
    ),
    "a key that is new": (
        ('title.en     = "Lenvatinib', 'title.ko     = "제목"\ntitle.en     = "Lenvatinib'),
        ['Study: title: ko is new: "제목".'],
    ),
    "a table that is gone": (
        ("enrolled     = { from = 2018-06-01, to = 2023-11-30 }\n", ""),
        ['Study: enrolled is gone: from "2018-06-01", to "2023-11-30".'],
    ),
    "a site that is new": (
        ("kurume = {", 'osaka = { name = "Site C, Osaka", country = "JP" }\nkurume = {'),
        ['Site osaka is new: name "Site C, Osaka", country "JP".'],
    ),
    "a variable that is gone": (
        ('ehs        = { type = "boolean", label = "Extrahepatic spread" }\n', ""),
        ['Variable ehs is gone: type "boolean", label "Extrahepatic spread", required true.'],
    ),
    "a range": (
        ("range = [18, 100]", "range = [18, 110]"),
        ["Variable age: range was [18, 100] and is now [18, 110]."],
    ),
    "a small step of a number": (
        ("range = [18, 100]", "range = [18.0000001, 100]"),
        ["Variable age: range was [18, 100] and is now [18.0000001, 100]."],
    ),
    "the order of levels": (
        ('levels = ["F", "M"]', 'levels = ["M", "F"]'),
        ['Variable sex: levels was ["F", "M"] and is now ["M", "F"].'],
    ),
    "the order of sites": (
        (
            'asan   = { name = "Site A, Seoul",  country = "KR" }\n',
            "",
            'country = "JP" }\n',
            'country = "JP" }\nasan   = { name = "Site A, Seoul",  country = "KR" }\n',
        ),
        ["The order of sites was asan, kurume and is now kurume, asan."],
    ),
    "a rule": (("age >= 18", "age >= 20"), ['Eligibility rule adults: rule was "age >= 18" and is now "age >= 20".']),
    "a rule that is gone": (
        ('[[eligibility]]\nid    = "started"\nrule  = "not missing(start)"\nlabel = "Date of first dose known"\n', ""),
        ['Eligibility rule started is gone: rule "not missing(start)", label "Date of first dose known".'],
    ),
    "the comparison": (
        ('reference = "sorafenib"', 'reference = "lenvatinib"'),
        ['Comparison: reference was "sorafenib" and is now "lenvatinib".'],
    ),
    "the grid": (("width_days = 7", "width_days = 14"), ["Time: grid: width_days was 7 and is now 14."]),
    "an endpoint": (
        ('event  = ["progression", "death"]', 'event  = ["progression"]'),
        ['Endpoint pfs: event was ["progression", "death"] and is now ["progression"].'],
    ),
    "an analysis": (
        ('multivariable = ["arm", "age", "ecog", "mvi", "afp"]', 'multivariable = ["arm", "age"]'),
        ['Analysis cox: multivariable was ["arm", "age", "ecog", "mvi", "afp"] and is now ["arm", "age"].'],
    ),
    "an analysis that is new": (
        ("[analyses]", '[analyses]\nmore = { kind = "cox", endpoints = ["os"], multivariable = ["sex"] }'),
        [
            'Analysis more is new: kind "cox", missing "complete", endpoints ["os"], populations ["all"], '
            'baseline "site", ties "efron", '
            'multivariable ["sex"].'
        ],
    ),
    "a flag": (("univariable = true", "univariable = false"), ["Analysis cox: univariable was true and is now false."]),
    "the disclosure": (
        ('secure_sum = "required"', 'secure_sum = "off"'),
        ['Disclosure: secure_sum was "required" and is now "off".'],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_told_in_words(what):
    replaced, expected = CHANGES[what]
    assert told(*replaced) == expected


def test_several_changes_are_told_in_the_files_order():
    changed = told("width_days = 7", "width_days = 14", "age >= 18", "age >= 20", "1.0.0", "1.1.0")
    assert [sentence.split()[0] for sentence in changed] == ["Study:", "Eligibility", "Time:"]


@given(st.lists(st.sampled_from([pair for pair, _ in CHANGES.values() if len(pair) == 2]), unique=True, max_size=4))
def test_two_studies_with_different_hashes_differ_in_a_sentence(pairs):
    text = TEXT
    for old, new in pairs:
        text = text.replace(old, new)
    changed = parse_study(text)
    assert bool(differences(STUDY, changed)) == (study_hash(changed) != study_hash(STUDY))


def test_a_study_read_from_its_canonical_form_has_no_differences():
    assert differences(STUDY, study_from_json(canonical_json(copy.deepcopy(STUDY)))) == []
