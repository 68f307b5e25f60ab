"""The catalogue of each language is whole: the files and sentences of the English one, with the same values."""

import re
import string
import tomllib
from pathlib import Path

import pytest

import riskset.catalogue
from riskset.catalogue import ENGLISH, _flat, catalogue, fields_of, languages

FOLDER = Path(riskset.catalogue.__file__).parent
OTHERS = [language for language in languages() if language != ENGLISH]
NAMES = sorted(file.name for file in (FOLDER / ENGLISH).iterdir())


def sentences(language, name):
    return dict(_flat(tomllib.loads((FOLDER / language / name).read_text(encoding="utf-8")), ""))


def texts_of(template):
    return [template] if isinstance(template, str) else list(template.values())


def forms_of(*texts):
    """Returns how texts print each value: as Python writes it or not; as a number in a format, as a list, or plainly.
    What stands between the parts of a list is the language's own."""
    parsed = [part for text in texts for part in string.Formatter().parse(text) if part[1]]
    return {
        (name, quoted, form if not form or re.fullmatch(r"[,.\d]*[a-z]?", form) else "list")
        for _, name, form, quoted in parsed
    }


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_the_files_of_english(language):
    assert sorted(file.name for file in (FOLDER / language).iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", OTHERS)
def test_a_file_has_the_sentences_of_the_english_one_with_their_values(language, name):
    english, other = sentences(ENGLISH, name), sentences(language, name)
    assert sorted(other) == sorted(english)
    for code, template in english.items():
        assert fields_of(other[code]) == fields_of(template), code
        assert isinstance(other[code], str) == isinstance(template, str), code
        known = forms_of(*texts_of(template))
        plain = {(value, quoted, "") for value, quoted, form in known if form == "list"}
        assert forms_of(*texts_of(other[code])) <= known | plain, code


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_empty_where_the_english_one_is_not(language):
    other = catalogue(language)
    assert not [
        code for code, text in catalogue(ENGLISH).items() if all(texts_of(text)) and not all(texts_of(other[code]))
    ]
