"""What each variable of a study contains, in the field's terms (`age`, `last_contact`): by its name, its label, or the
place that it has in the study."""

from __future__ import annotations

from collections.abc import Mapping

from riskset.study.spec import DateEndpoint, DaysEndpoint, Study
from riskset_site.mapping.words import column_words, meanings, plain, without_brackets


def contents_of(study: Study) -> dict[str, tuple[str, ...]]:
    """Returns the contents of each variable that is read from an export, the most certain first."""
    places = _by_place(study)
    return {
        name: tuple(dict.fromkeys([*named_contents(study, name), *places.get(name, ())]))
        for name in study.read_variables
    }


def names_of(study: Study, name: str, contents: tuple[str, ...]) -> Mapping[str, float]:
    """Returns the plain names under which a variable's column may be, and how certain each is, up to 1."""
    found: dict[str, float] = {}
    for at, content in enumerate(contents):
        for word in column_words()[content]:
            found[word] = max(found.get(word, 0.0), 0.9 - 0.1 * at)
    for own, certainty in ((study.variables[name].label, 0.97), (name, 1.0)):
        if own:
            found[plain(own)] = certainty
    return found


def known_names(study: Study) -> frozenset[str]:
    """Returns every plain name that a column of an export may have: of the study's variables, and the field's words."""
    own = (word for name in study.read_variables for word in (name, study.variables[name].label) if word)
    return frozenset({*map(plain, own), *(word for words in column_words().values() for word in words)})


def known_words(study: Study) -> frozenset[str]:
    """Returns the plain words by which an encoding is known: the study's, and the field's in its languages."""
    levels = (plain(level) for name in study.read_variables for level in study.levels_of(name))
    return frozenset({*known_names(study), *levels, *map(plain, meanings())})


def named_contents(study: Study, name: str) -> list[str]:
    """Returns the contents of a variable by its name and label alone."""
    words = {plain(name), plain(without_brackets(study.variables[name].label))} - {""}
    return [content for content, known in column_words().items() if words & known]


def _by_place(study: Study) -> dict[str, tuple[str, ...]]:
    """Returns what variables contain by their place in the study: whatever the arm is called, it is the arm."""
    found: dict[str, tuple[str, ...]] = {}
    if study.comparison:
        found[study.comparison.arm] = ("arm",)
    for endpoint in study.endpoints.values():
        if isinstance(endpoint, DateEndpoint):
            found.setdefault(endpoint.origin, ("start",))
            found.setdefault(endpoint.censor, ("last_contact",))
        elif isinstance(endpoint, DaysEndpoint):
            found.setdefault(endpoint.days, ("days",))
            found.setdefault(endpoint.event, ("event", "status"))
    return found
