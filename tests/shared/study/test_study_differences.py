"""Each difference between two versions of a study has a sentence with the old and the new value."""

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


def changes(*replaced):
    """Returns the differences of the study of `configs/` after replacing pieces of its text, given in pairs."""
    text = TEXT
    for old, new in zip(replaced[::2], replaced[1::2], strict=True):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return [str(sentence) for sentence in differences(STUDY, parse_study(text))]


def test_the_same_study_has_no_differences():
    assert differences(STUDY, STUDY) == []


def test_spacing_and_comments_are_not_differences():
    assert differences(STUDY, parse_study(TEXT + "\n# another comment\n")) == []


CHANGES = {
    "the header": (
        ("data_cutoff  = 2024-05-31", "data_cutoff  = 2024-12-31"),
        ['Section [study]: data_cutoff changed from "2024-05-31" to "2024-12-31".'],
    ),
    "the version": (
        ('version      = "1.0.0"', 'version      = "1.1.0"'),
        ['Section [study]: version changed from "1.0.0" to "1.1.0".'],
    ),
    "the period": (
        ("from = 2018-06-01", "from = 2017-06-01"),
        ['Section [study]: enrolled.from changed from "2018-06-01" to "2017-06-01".'],
    ),
    "a key that is added": (
        ('title.en     = "Lenvatinib', 'title.ko     = "제목"\ntitle.en     = "Lenvatinib'),
        ['Section [study]: title.ko was added: "제목".'],
    ),
    "a table that is removed": (
        ("enrolled     = { from = 2018-06-01, to = 2023-11-30 }\n", ""),
        ['Section [study]: enrolled was removed: { from = "2018-06-01", to = "2023-11-30" }.'],
    ),
    "a site that is added": (
        ("kurume = {", 'osaka = { name = "Site C, Osaka", country = "JP" }\nkurume = {'),
        ['Site osaka was added: { name = "Site C, Osaka", country = "JP" }.'],
    ),
    "a variable that is removed": (
        ('ehs        = { type = "boolean", label = "Extrahepatic spread" }\n', ""),
        ['Variable ehs was removed: { type = "boolean", label = "Extrahepatic spread", required = true }.'],
    ),
    "a range": (
        ("range = [18, 100]", "range = [18, 110]"),
        ["Variable age: range changed from [18, 100] to [18, 110]."],
    ),
    "a small step of a number": (
        ("range = [18, 100]", "range = [18.0000001, 100]"),
        ["Variable age: range changed from [18, 100] to [18.0000001, 100]."],
    ),
    "the order of levels": (
        ('levels = ["F", "M"]', 'levels = ["M", "F"]'),
        ['Variable sex: levels changed from ["F", "M"] to ["M", "F"].'],
    ),
    "the order of sites": (
        (
            'asan   = { name = "Site A, Seoul",  country = "KR" }\n',
            "",
            'country = "JP" }\n',
            'country = "JP" }\nasan   = { name = "Site A, Seoul",  country = "KR" }\n',
        ),
        ["The order of [sites] changed from (asan, kurume) to (kurume, asan)."],
    ),
    "a rule": (("age >= 18", "age >= 20"), ['Eligibility rule adults: rule changed from "age >= 18" to "age >= 20".']),
    "a rule that is removed": (
        ('[[eligibility]]\nid    = "started"\nrule  = "not missing(start)"\nlabel = "Date of first dose known"\n', ""),
        ['Eligibility rule started was removed: { rule = "not missing(start)", label = "Date of first dose known" }.'],
    ),
    "the comparison": (
        ('reference = "sorafenib"', 'reference = "lenvatinib"'),
        ['Section [comparison]: reference changed from "sorafenib" to "lenvatinib".'],
    ),
    "the grid": (("width_days = 7", "width_days = 14"), ["Section [time]: grid.width_days changed from 7 to 14."]),
    "an endpoint": (
        ('event  = ["progression", "death"]', 'event  = ["progression"]'),
        ['Endpoint pfs: event changed from ["progression", "death"] to ["progression"].'],
    ),
    "an analysis": (
        ('multivariable = ["arm", "age", "ecog", "mvi", "afp"]', 'multivariable = ["arm", "age"]'),
        ['Analysis cox: multivariable changed from ["arm", "age", "ecog", "mvi", "afp"] to ["arm", "age"].'],
    ),
    "an analysis that is added": (
        ("[analyses]", '[analyses]\nmore = { kind = "cox", endpoints = ["os"], multivariable = ["sex"] }'),
        [
            'Analysis more was added: { kind = "cox", missing = "complete", endpoints = ["os"], populations = ["all"], '
            'baseline = "site", ties = "efron", multivariable = ["sex"], linearity = "wald" }.'
        ],
    ),
    "a flag": (
        ("univariable = true", "univariable = false"),
        ["Analysis cox: univariable changed from true to false."],
    ),
    "the disclosure": (
        ('secure_sum = "required"', 'secure_sum = "off"'),
        ['Section [disclosure]: secure_sum changed from "required" to "off".'],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_has_a_sentence(what):
    replaced, expected = CHANGES[what]
    assert changes(*replaced) == expected


def test_several_changes_are_in_the_order_of_the_file():
    changed = changes("width_days = 7", "width_days = 14", "age >= 18", "age >= 20", "1.0.0", "1.1.0")
    assert [sentence.split(":")[0] for sentence in changed] == [
        "Section [study]",
        "Eligibility rule adults",
        "Section [time]",
    ]


@given(st.lists(st.sampled_from([pair for pair, _ in CHANGES.values() if len(pair) == 2]), unique=True, max_size=4))
def test_two_studies_with_different_hashes_differ_in_a_sentence(pairs):
    text = TEXT
    for old, new in pairs:
        text = text.replace(old, new)
    changed = parse_study(text)
    assert bool(differences(STUDY, changed)) == (study_hash(changed) != study_hash(STUDY))


def test_a_study_read_from_its_canonical_form_has_no_differences():
    assert differences(STUDY, study_from_json(canonical_json(copy.deepcopy(STUDY)))) == []
