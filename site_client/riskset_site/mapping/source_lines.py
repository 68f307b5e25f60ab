"""What [source] says of all columns: missing codes, dates, marks of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from riskset.catalogue import say
from riskset_site.mapping.date_forms import PARTIAL, DateForms, pivot
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.proposal import Choice

_DEFAULT_DATES = ("%Y-%m-%d",)


def date_lines(draft: Draft, forms: DateForms) -> tuple[dict[str, Any], tuple[Choice, ...]]:
    """Returns the lines about dates, and what is to be chosen."""
    formats, choices = list(forms.formats), []
    for at, family in enumerate(forms.ambiguous):
        id_ = "dates.order" if at == 0 else f"dates.order{at + 1}"
        question = say("site.map.choice.order", text=family.text)
        choices.append(Choice(id_, question, family.formats, family.days, draft.answers.choose.get(id_)))
    if forms.partial:
        question = say("site.map.choice.partial", n=sum(n for _, n in forms.partial), text=forms.partial[0][0])
        choices.append(
            Choice("dates.partial", question, PARTIAL, forms.partial_days, draft.answers.choose.get("dates.partial"))
        )
    formats += [choice.chosen for choice in choices if choice.chosen]
    lines: dict[str, Any] = {}
    is_open = any(choice.chosen is None for choice in choices)
    if formats and (is_open or tuple(formats) != _DEFAULT_DATES):
        lines["dates"] = formats
    if any("%y" in form for form in (*formats, *(form for family in forms.ambiguous for form in family.formats))):
        lines["two_digit_years"] = pivot(draft.today)
    if forms.no_date:
        lines["no_date"] = list(forms.no_date)
    return lines, tuple(choices)


def missing_lines(texts: Iterable[str]) -> dict[str, Any]:
    """Returns the line `missing` where columns have texts for a value that is unknown, besides nothing and NA."""
    found = list(dict.fromkeys(["", "NA", *texts]))
    return {"missing": found} if len(found) > 2 else {}


def common_marks(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Returns the marks of numbers where all columns that have any have the same, so that they are said once."""
    found = {
        tuple(sorted((key, keys[key]) for key in ("decimal", "thousands") if key in keys)) for keys in entries.values()
    } - {()}
    return dict(found.pop()) if len(found) == 1 else {}
