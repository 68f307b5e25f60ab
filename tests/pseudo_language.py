"""A language that nobody speaks: the English sentences in Cyrillic letters, `xx`. What is left in Latin letters on a
page that is written in it was not said by the catalogue, and no translation would reach it."""

import re
import shutil
import string
import tomllib
from contextlib import contextmanager
from pathlib import Path

import riskset.catalogue as catalogue_module
from riskset.catalogue import ENGLISH, catalogue, languages
from riskset.language import _Spoken

NAME = "xx"
_LETTERS = str.maketrans(
    string.ascii_letters, "абцдефгхийклмнопярстувщыжзАБЦДЕФГХИЙКЛМНОПЯРСТУВЩЫЖЗ"[: len(string.ascii_letters)]
)
_FOLDER = Path(catalogue_module.__file__).parent
_WORD = re.compile(r"[A-Za-z]+(?:[-_./'][A-Za-z]+)*")


def in_cyrillic(template):
    """Returns a template with the letters of its text changed, and its placeholders as they are."""
    parts = string.Formatter().parse(template)
    written = []
    for text, name, form, quoted in parts:
        plain = text.replace("{", "{{").replace("}", "}}").translate(_LETTERS)
        between = (form or "").translate(_LETTERS) if " " in (form or "") else form
        field = "" if name is None else f"{{{name}{f'!{quoted}' if quoted else ''}{f':{between}' if between else ''}}}"
        written.append(plain + field)
    return "".join(written)


def _translated(table):
    if isinstance(table, str):
        return in_cyrillic(table)
    return {key: _translated(value) for key, value in table.items()}


def _toml(table, prefix=""):
    """Yields dotted keys with their texts; every key is quoted."""
    for key, value in table.items():
        path = f'{prefix}"{key}"'
        if isinstance(value, str):
            text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
            yield f'{path} = "{text}"'
        else:
            yield from _toml(value, f"{path}.")


def write_language(folder, name=NAME):
    """Writes the catalogue of the language beside a copy of those that there are."""
    for language in languages():
        shutil.copytree(_FOLDER / language, folder / language)
    (folder / name).mkdir()
    for file in sorted((_FOLDER / ENGLISH).iterdir()):
        document = _translated(tomllib.loads(file.read_text(encoding="utf-8")))
        (folder / name / file.name).write_text("\n".join(_toml(document)) + "\n", encoding="utf-8")


@contextmanager
def spoken_here(folder):
    """Makes the language one of those that have a catalogue, for this process."""
    write_language(folder)
    found = catalogue_module.files
    catalogue_module.files = lambda package: folder if package == "riskset.catalogue" else found(package)
    for cached in (languages, catalogue):
        cached.cache_clear()
    try:
        yield NAME
    finally:
        _Spoken.chosen, _Spoken.by_file, _Spoken.by_system = None, None, ENGLISH  # whatever a command took last
        catalogue_module.files = found
        for cached in (languages, catalogue):
            cached.cache_clear()


def latin_words(text, known=()):
    """Returns the words in Latin letters that are not part of a known text: what the catalogue did not say."""
    for one in sorted(filter(None, known), key=len, reverse=True):
        text = text.replace(one, " ")
    return sorted(set(_WORD.findall(text)))
