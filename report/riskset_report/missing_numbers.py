"""Why a number of results.json is null: the reason that stands beside it, or what null means there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from riskset.catalogue import ENGLISH, in_language, say
from riskset.disclosure.rules import RULES

Inside = Sequence[tuple[Mapping[str, Any], str]]
"""The objects around a number, the innermost last, each with the key that leads to the number."""

FULL_STOPS: Final = ".。"
"""At the end of a sentence, in any language of the catalogue."""
_OF_TESTS: Final = {
    "log_rank": "log_rank_reason",
    "log_rank_by_site": "log_rank_reason",
    "log_rank_by_strata": "strata_reason",
}
_ERRORS: Final = ("std_error", "lower", "upper", "cumulative_hazard_std_error")
_WITHOUT_REASON: Final = (
    ("follow_up_reaches_tau", re.compile(r"last_day")),
    ("not_reached", re.compile(r"(median_days|quartiles)\.(estimate|lower|upper)")),
    ("no_limits", re.compile(r"(curve|landmarks)\.(std_error|lower|upper|cumulative_hazard_std_error)")),
    ("no_estimate", re.compile(r"(curve|landmarks)\.\w+")),
    ("few", re.compile(r"excluded\.(variables\.)?n")),
    ("not_asked", re.compile(r"log_rank_by_strata|terms\.robust_se")),
    ("no_arms", re.compile(r"log_rank(_by_site)?|(.+\.)?(difference|ratio|rmtl_ratio|odds_ratio|risk_ratio|fisher)")),
    ("two_by_two", re.compile(r".+\.fisher\.(odds_ratio|lower|upper)")),
    ("overflow", re.compile(r".*(hr|odds_ratio|lower|upper|estimate|limit)")),
    ("nobody", re.compile(r".*percent")),
)
"""The first that fits the end of a number's path. docs/results.md says of each what null means."""


def why_missing(inside: Inside) -> tuple[str, str]:
    """Returns the code or rule and the sentence of the nearest reason around the number, else no code and what its
    place says. A sentence is a message, which any language has."""
    found = next(filter(None, (_beside(around, key) for around, key in reversed(inside))), None)
    if found is not None:
        return str(found.get("rule", found.get("code", ""))), found.get("message", "")
    path = ".".join(key for _, key in inside)
    code = next((code for code, form in _WITHOUT_REASON if re.search(rf"(^|\.)({form.pattern})$", path)), "unknown")
    return "", say(f"report.missing.{code}")


def _beside(around: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    """Returns the reason in an object for the number that is reached by `key`."""
    of_errors = ("limits_reason",) if _is_error(around, key) else ()
    names = (f"{key}_reason", _OF_TESTS.get(key, ""), "reason", *of_errors, "arms_reason")
    return next((found for name in names if isinstance(found := around.get(name), Mapping)), None)


def _is_error(around: Mapping[str, Any], key: str) -> bool:
    return "limits_reason" in around and key in ("curve", "landmarks", "quartiles", "median_days")


def sentence(code: str, message: str, language: str = ENGLISH) -> str:
    """Returns why there is no number, as a reader is told: a message in a language, without a full stop. Before it is
    the rule that refused, since docs/rules.md explains it; a code such as `no events` is a word for programs."""
    return _coded(code if code in RULES or not message else "", message, language)


def listed(code: str, message: str) -> str:
    """Returns the same for a list that programs read: `code: message`, in English; the code once."""
    return _coded("" if message.startswith(f"{code}:") else code, message, ENGLISH)


def _coded(code: str, message: str, language: str) -> str:
    text = in_language(message, language)
    told = say("report.coded", code=code, message=text).in_language(language) if code and text else code or text
    return told.rstrip(FULL_STOPS)
