"""What a study asks with one of its outputs: a question, and of what and in whom. From what the study declares, since
a title alone tells a committee only what a thing is called."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from riskset.analyses.cohort import ALL
from riskset.catalogue import Message, say
from riskset.study.entry import arms_of
from riskset.study.in_words import endpoint_in_words
from riskset.study.spec import Study
from riskset_report.labels import population_in_words

_QUESTIONS: Final = MappingProxyType(
    {
        "flow": "flow",
        "table1": "table1",
        "propensity": "propensity",
        "balance": "balance",
        "km": "km",
        "cox": "cox",
        "ph_test": "proportional",
        "rmst": "rmst",
        "follow-up": "follow_up",
        "cumulative-incidence": "cumulative_incidence",
        "response": "response",
        "adverse-events": "adverse_events",
        "subgroup": "subgroup",
        "site-heterogeneity": "site_heterogeneity",
    }
)
"""By the first word of a result's id."""
_PARTS: Final = MappingProxyType({"log-log": "proportional", "spline": "spline", "fine-gray": "fine_gray"})
"""Blocks of a result that ask something else than the result; by a later word of their id."""
_OF_ARMS: Final = frozenset({"table1", "km", "cox", "rmst", "cumulative_incidence", "response"})
"""Questions that go on with the arms, where a study compares them."""


def asked_with(study: Study, block: str, title: str) -> Message:
    """Returns the question. `block` is the id of the table or figure, such as `table km/os/all`; of a kind that is not
    known here only the title is told."""
    words = _words(block)
    code = next((_PARTS[word] for word in words[1:] if word in _PARTS), _QUESTIONS.get(words[0], ""))
    if not code:
        return say("release.asked.other", title=title)
    of: dict[str, Any] = {"covariate": study.label_of(words[-1])} if code == "spline" else {}
    if endpoint := _endpoint(study, words):
        of["endpoint"] = study.endpoint_label(endpoint)
    goes_on = "_arms" if code in _OF_ARMS and study.comparison else ""
    return say(f"release.asked.{code}{goes_on}", **of)


def asked_of(study: Study, block: str) -> tuple[Message, ...]:
    """Returns which arms are compared, in which patients, and how the endpoint is defined; what of these there is."""
    return tuple(_asked_of(study, _words(block)))


def _asked_of(study: Study, words: list[str]) -> Iterator[Message]:
    if arms := arms_of(study):
        yield say("release.asked_of.arms", **arms)
    populations = {ALL, *(study.propensity.adjustments if study.propensity else ())}
    if population := next((word for word in words[1:] if word in populations), ""):
        yield say("release.asked_of.population", population=population_in_words(study, population))
    if endpoint := _endpoint(study, words):
        yield endpoint_in_words(endpoint, study)


def _words(block: str) -> list[str]:
    return block.partition(" ")[2].split("/")


def _endpoint(study: Study, words: list[str]) -> str:
    """Returns the name of the endpoint; empty where the result is of none."""
    return words[1] if len(words) > 1 and words[1] in study.endpoints else ""
