"""Every language besides English is whole: its files, keys and values are those of the English sentences."""

import re
import string
import tomllib
from importlib.resources import files

import pytest

from riskset.catalogue import ENGLISH, _flat, languages

FOLDER = files("riskset.catalogue")
NUMBER = re.compile(r",?(\.\d+)?[a-z]?")
"""The format of a number; any other says what stands between the parts of a list, which is each language's own."""


def sentences(language):
    """Returns the texts of a language by (file, code); of two forms, each is a text."""
    found = {}
    for file in (FOLDER / language).iterdir():
        for code, text in _flat(tomllib.loads(file.read_text(encoding="utf-8")), ""):
            forms = {"": text} if isinstance(text, str) else {f".{form}": of for form, of in text.items()}
            found |= {(file.name, f"{code}{form}"): of for form, of in forms.items()}
    return found


def values(text):
    """Returns the values that a text prints: the name, the format of a number, whether as Python writes it. Without
    `n`, which a text may print in one of its two forms alone."""
    parts = [(name, form or "", way) for _, name, form, way in string.Formatter().parse(text) if name is not None]
    return {(name, form if NUMBER.fullmatch(form) else "", way) for name, form, way in parts if name != "n"}


def listed(text):
    """Returns the names of the values that a text prints as lists."""
    return {name for _, name, form, _ in string.Formatter().parse(text) if form and not NUMBER.fullmatch(form)}


def pairs(language, of):
    """Returns what `of` finds in each English text and in that of the language."""
    english, other = sentences(ENGLISH), sentences(language)
    return {at: (of(english[at]), of(other[at])) for at in english.keys() & other.keys()}


OTHERS = pytest.mark.parametrize("language", [language for language in languages() if language != ENGLISH])


@OTHERS
def test_a_language_has_the_files_of_english(language):
    english, other = ({file.name for file in (FOLDER / of).iterdir()} for of in (ENGLISH, language))
    assert other == english


@OTHERS
def test_no_sentence_is_missing_and_none_is_too_many(language):
    english, other = sentences(ENGLISH).keys(), sentences(language).keys()
    assert (sorted(english - other), sorted(other - english)) == ([], [])


@OTHERS
def test_a_sentence_prints_the_values_of_the_english_one(language):
    assert {at: pair for at, pair in pairs(language, values).items() if pair[0] != pair[1]} == {}


@OTHERS
def test_only_what_english_lists_is_a_list(language):
    """A text cannot be written by a format that says what stands between the parts of a list."""
    assert {at: pair for at, pair in pairs(language, listed).items() if pair[1] - pair[0]} == {}
