"""What a demonstration prints besides results: its sites, and what each of them sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from riskset.catalogue import Message, say
from riskset.language import told
from riskset.study.spec import Study
from riskset_demo.comparison import Coefficient
from riskset_demo.curve_comparison import CurveComparison
from riskset_demo.demonstration import Demonstration
from riskset_demo.sent_numbers import ADMISSION, CURVES, MODELS, TABLES, Evidence

_PURPOSES = (ADMISSION, MODELS, CURVES)
_NAMED = (*_PURPOSES, TABLES)


def sites_table(study: Study, demonstration: Demonstration) -> Table:
    """Returns one line per site, and one for all."""
    table = _table(say("demo.title.sites"))
    for column in ("site", "name", "country"):
        table.add_column(told(say(f"demo.column.{column}")))
    table.add_column(told(say("demo.column.patients")), justify="right")
    patients = demonstration.patients()
    for name, site in study.sites.items():
        table.add_row(name, site.name, site.country or "", f"{patients[name]:,}")
    table.add_section()
    table.add_row(told(say("demo.sites", n=len(patients))), "", "", f"{sum(patients.values()):,}")
    return table


def sent_table(found: Evidence) -> Table:
    """Returns one line per site: how many numbers it sent, for what purpose, and how many the coordinator could
    read."""
    table = _table(say("demo.title.sent"))
    table.add_column(told(say("demo.column.site")))
    purposes = dict.fromkeys([*_PURPOSES, *(purpose for one in found.sent for purpose in one.numbers)])
    counted = [say("demo.column.messages"), say("demo.column.bytes")]
    counted += [
        say(f"demo.purpose.{of}") if of in _NAMED else say("demo.column.purpose", purpose=of) for of in purposes
    ]
    for heading in (*counted, say("demo.column.readable")):
        table.add_column(told(heading), justify="right")
    for one in found.sent:
        numbers = [f"{one.numbers.get(purpose, 0):,}" for purpose in purposes]
        table.add_row(one.site, str(one.messages), f"{one.bytes:,}", *numbers, f"{one.readable:,}")
    return table


def comparison_table(lines: Sequence[Coefficient], title: Message) -> Table:
    """Returns one line per coefficient: riskset's hazard ratio, P value and coefficient, and lifelines' beside it."""
    table = _table(title)
    table.add_column(told(say("demo.column.covariate")), no_wrap=True)
    for column in ("hr", "p", "coefficient", "lifelines", "difference"):
        table.add_column(told(say(f"demo.column.{column}")), justify="right", no_wrap=True)
    for line in lines:
        hr, lower, upper = line.hr
        table.add_row(
            line.name,
            f"{hr:.2f} ({lower:.2f}-{upper:.2f})",
            f"{line.p:.3f}" if line.p >= 0.001 else "<0.001",
            f"{line.coef:.7f}",
            f"{line.other_coef:.7f}",
            f"{line.difference:.0e}",
        )
    return table


def _table(title: Message) -> Table:
    return Table(title=told(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))


def sent_lines(found: Evidence) -> Iterator[Message]:
    """Yields the sentences below the table, each verified for this run."""
    n = len(found.sent)
    if found.readable:
        yield say("demo.sent.readable", numbers=found.numbers, readable=found.readable)
    else:
        yield say("demo.sent.unreadable", numbers=found.numbers)
    yield say("demo.sent.checked", sums=found.sums, n=n)
    if found.readable:
        yield say("demo.sent.unmasked", readable=found.readable)
        return
    yield say("demo.sent.masked", n=n)
    if found.tellers:
        yield say("demo.sent.told", n=len(found.tellers), sites=found.tellers)
    if n == 2:
        yield say("demo.sent.two_sites")


def exception_lines(demonstration: Demonstration) -> list[Message]:
    """Returns one line for each limit that every site loosened by signing an exception."""
    return [
        say("demo.exception.signed", limit=one.limit, value=one.value, reason=one.reason)
        for one in demonstration.exceptions
    ] or [say("demo.exception.none")]


def curve_lines(compared: Sequence[CurveComparison]) -> list[Message]:
    """Returns one line: how far curves and means are from lifelines'. It is left out if none were compared."""
    if not compared:
        return []
    numbers, largest = sum(len(one.values) for one in compared), max(one.largest_difference for one in compared)
    return [say("demo.curves", n=numbers, largest=largest)]


def told_lines(demonstration: Demonstration) -> list[Message]:
    """Returns one line: the sites that agreed to tell their own hazard ratios. It is left out if none did."""
    sites = demonstration.told_alone
    return [say("demo.told_alone", n=len(sites), sites=sites)] if sites else []


def refusal_lines(results: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Returns one line for each analysis that a rule refused, with what would pass."""
    refused = [(result["id"], result["reason"]) for result in results if result["status"] == "refused"]
    return [
        say("demo.refused", analysis=id_, rule=why["rule"], finding=why["message"], remedy=why["remedy"])
        for id_, why in refused
    ] or [say("demo.none_refused")]
