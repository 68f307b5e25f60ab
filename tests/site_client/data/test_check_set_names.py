"""The check names the sets of patients of a study in words of the page's language."""

import pytest

from riskset.analyses.cohort import SetId
from riskset.catalogue import in_language
from riskset_site.data.check import name_in_words

SETS = [
    SetId("os"),
    SetId("os", "match", landmark_days=91),
    SetId("os", complete_in=("arm", "age")),
    SetId("os", complete_in=()),
    SetId("os", "match", weighted_by="w", within_sets=True),
]


@pytest.mark.parametrize("set_id", SETS, ids=lambda set_id: set_id.name)
def test_in_english_it_is_the_name_of_messages_and_records(set_id):
    assert name_in_words(set_id) == set_id.name


def test_in_other_languages_no_english_word_is_left():
    texts = [in_language(name_in_words(set_id), "ko") for set_id in SETS]
    assert texts[:3] == ["os", "os/match, 91일 이후", "os, 값이 있는 변수: arm, age"]
    assert in_language(name_in_words(SETS[2]), "ja") == "os（arm、ageの値がある患者）"
