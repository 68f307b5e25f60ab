"""What openings showed, in sentences and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from riskset.audit.compare import Comparison
from riskset.catalogue import Message, say


def comparison_lines(compared: Comparison | None) -> Iterator[Message]:
    """Yields a sentence for each site, then one for each refusal; None where nothing could be compared."""
    if compared is None:
        yield say("audit.compare.not_possible")
        return
    for one in compared.sites:
        of = one.opening
        yield say("audit.compare.opened", site=of.site, to=of.to, date=of.at[:10], reason=of.reason)
        yield say("audit.compare.agree", site=of.site, n=one.numbers)
        if one.refused:
            yield say("audit.compare.noise", site=of.site, n=one.refused)
        for flag in one.flags:
            yield say("audit.compare.flag", site=flag.site, analysis=flag.analysis, round=flag.round, limit=flag.limit)
    if compared.missing:
        yield say("audit.compare.missing", sites=compared.missing)
    elif not any(one.flags for one in compared.sites):
        yield say("audit.compare.no_flag")
    if compared.sites:
        yield say("audit.compare.restricted")


def comparison_json(compared: Comparison | None) -> dict[str, Any]:
    """Returns the same for programs, without any number that was opened."""
    if compared is None:
        return {"sites": [], "missing": []}
    sites = [
        {
            "site": one.opening.site,
            "to": one.opening.to,
            "reason": one.opening.reason,
            "at": one.opening.at,
            "numbers": one.numbers,
            "refused": one.refused,
            "flags": [asdict(flag) for flag in one.flags],
        }
        for one in compared.sites
    ]
    return {"sites": sites, "missing": list(compared.missing)}
