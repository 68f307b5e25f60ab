"""What a demonstration prints beside the numbers: who its sites are, and what left each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from riskset.study.spec import Study
from riskset_demo.demonstration import Demonstration
from riskset_demo.sent_numbers import ADMISSION, CURVES, MODELS, Evidence

_PURPOSES = (ADMISSION, MODELS, CURVES)


def sites_table(study: Study, demonstration: Demonstration) -> Table:
    """Returns a line a site, and one of all."""
    table = _table("Who takes part")
    for heading in ("site", "name", "country"):
        table.add_column(heading)
    table.add_column("patients", justify="right")
    patients = demonstration.patients()
    for name, site in study.sites.items():
        table.add_row(name, site.name, site.country or "", f"{patients[name]:,}")
    table.add_section()
    table.add_row(f"{len(patients)} sites", "", "", f"{sum(patients.values()):,}")
    return table


def sent_table(found: Evidence) -> Table:
    """Returns a line a site: how many numbers, of what kind, and how many of them the coordinator could read."""
    table = _table("What left each site, from its own ledger, which it opened itself")
    table.add_column("site")
    purposes = dict.fromkeys([*_PURPOSES, *(purpose for one in found.sent for purpose in one.numbers)])
    for heading in ("messages", "bytes", *(f"for {purpose}" for purpose in purposes), "readable"):
        table.add_column(heading, justify="right")
    for one in found.sent:
        sent = [f"{one.numbers.get(purpose, 0):,}" for purpose in purposes]
        table.add_row(one.site, str(one.messages), f"{one.bytes:,}", *sent, f"{one.readable:,}")
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))


def sent_lines(found: Evidence) -> Iterator[str]:
    """Yields the sentences below the table, each found true of this run."""
    n = len(found.sent)
    yield f"{found.numbers:,} numbers left; of these the coordinator could read: {found.readable:,}."
    yield (
        f"Checked: each of the {found.sums:,} sums of what came to the coordinator (modulo 2^128) is, to the last bit, "
        f"the sum of the numbers in the {n} ledgers."
    )
    if found.readable:
        yield f"{found.readable:,} numbers came as they stand in a ledger, under no mask."
        return
    yield f"No number came as it stands in its ledger: the coordinator saw only sums over {n} sites."
    if n == 2:
        yield "Each of the two can subtract its own part from a sum, and so has the other's; both signed for that."


def exception_lines(demonstration: Demonstration) -> list[str]:
    """Returns a line for each limit that every site loosened by its signature."""
    if not demonstration.exceptions:
        return ["No exception to any rule was signed."]
    return [
        f"Every site signed the exception {one.limit} = {one.value}: {one.reason}." for one in demonstration.exceptions
    ]


def refusal_lines(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns a line for each analysis that a rule refused, with what would pass."""
    refused = [(result["id"], result["reason"]) for result in results if result["status"] == "refused"]
    if not refused:
        return ["No analysis was refused by a rule."]
    return [f"{id_} was refused by {no['rule']}: {no['message']}; {no['remedy']}." for id_, no in refused]
