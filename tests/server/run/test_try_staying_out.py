"""A rehearsal names all sites that would stay out, and the command that it offers does what it says."""

import json
import shlex

import pytest

from riskset.cli import main

SITES = {"asan": 30, "busan": 2, "kurume": 30, "osaka": 4, "sapporo": 30}
STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "A trial"
[sites]
{sites}
[variables]
days = {{ type = "number", range = [0, 5000] }}
dead = {{ type = "boolean" }}
[time]
grid = {{ width_days = 30, max_days = 3000 }}
[endpoints.os]
days = "days"
event = "dead"
[analyses]
survival = {{ kind = "km", endpoints = ["os"] }}
"""


@pytest.fixture
def tried(desk):
    desk.writes_study(STUDY.format(sites="\n".join(f'{name} = {{ name = "{name.title()}" }}' for name in SITES)))
    for number, (name, n) in enumerate(SITES.items()):
        rows = [{"days": str(30 * i + 7 * number + 10), "dead": "yes" if i % 3 else "no"} for i in range(n)]
        desk.adds_site(name, rows)
    return desk


def test_all_sites_of_a_few_patients_are_named_and_the_command_goes_on_without_them(tried, capsys):
    assert main(tried.command) == 3
    said = capsys.readouterr().err
    assert "error: 2 sites refuse:" in said
    assert [line.split()[0] for line in said.splitlines()[1:3]] == ["busan", "osaka"]
    hint = said.splitlines()[-1]
    assert hint.startswith("hint: to go on without busan and osaka: riskset study try")
    assert main(shlex.split(hint.partition(": riskset ")[2])) == 0
    document = json.loads((tried.root / "out" / "results.json").read_text(encoding="utf-8"))
    assert document["sites"] == ["asan", "kurume", "sapporo"]
    assert document["not_included"] == {"sites": ["busan", "osaka"], "patients": None}
    page = (tried.root / "out" / "index.html").read_text(encoding="utf-8")
    assert "2 of the 5 sites of the study are not in these results: Busan (busan), Osaka (osaka)." in page


def test_a_site_left_out_whose_patients_may_be_told(tried):
    left_out = [word for site in ("busan", "osaka", "sapporo") for word in ("--without", site)]
    assert main([*tried.command, *left_out]) == 0
    assert "eligible patients" not in (tried.root / "out" / "index.html").read_text(encoding="utf-8")
    for site in ("busan", "osaka"):
        (tried.sites / site / "export.csv").write_bytes((tried.sites / "asan" / "export.csv").read_bytes())
    assert main([*tried.command, "--without", "sapporo"]) == 0
    assert "eligible patients: 30." in (tried.root / "out" / "index.html").read_text(encoding="utf-8")
