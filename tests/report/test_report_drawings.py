"""Figures are drawn in several processes, with the same bytes; and by no number that they do not name."""

import os
import sys
from dataclasses import replace

import pytest

from riskset_report import report_of
from riskset_report.blocks import Figure
from riskset_report.figures import drawings
from riskset_report.figures.drawings import drawn
from riskset_report.printed import printer_of


@pytest.fixture
def figures(lung, typed):
    """Two figures and their printer."""
    lung["results"].append({**lung["results"][0], "id": "km/pfs/all", "endpoint": "pfs"})
    report = report_of(typed(lung))
    found = [block for part in report.parts for block in part.blocks if isinstance(block, Figure)]
    assert len(found) == 2
    return found, printer_of(report)


@pytest.fixture
def processes(monkeypatch):
    """Counts those that are begun, where two may be."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(drawings, "WORTH_A_PROCESS", 1)
    begun, run = [], drawings.subprocess.run

    def counted(command, **more):
        if command[-1] == "riskset_report.figures":  # matplotlib looks for fonts by another program
            begun.append(command)
        return run(command, **more)

    monkeypatch.setattr(drawings.subprocess, "run", counted)
    return begun


def test_another_process_draws_the_same_bytes_in_the_same_order(figures, processes, monkeypatch):
    together = drawn(*figures)
    assert len(processes) == 1
    monkeypatch.setattr(drawings, "WORTH_A_PROCESS", 4)
    assert drawn(*figures) == together
    assert len(processes) == 1
    assert [len(sizes) for sizes in together] == [2, 2]


@pytest.mark.parametrize("program", ["no/such/program", "/bin/false"])
def test_where_no_process_can_be_begun_all_is_drawn_here(figures, processes, monkeypatch, program):
    monkeypatch.setattr(sys, "executable", program)
    found = drawn(*figures)
    assert len(processes) == 1
    assert [len(sizes) for sizes in found] == [2, 2]


def test_a_figure_that_draws_a_number_it_does_not_name_fails(figures):
    """Else a number that is held back could vanish from a figure's cells and stay in its drawing."""
    (figure, _), printer = figures
    fewer = replace(figure, curves=figure.curves[:1])
    unnamed = type("Unnamed", (type(figure),), {"cells": fewer.cells})
    with pytest.raises(KeyError):
        drawn([unnamed(**{name: getattr(figure, name) for name in figure.__dataclass_fields__})], printer)
