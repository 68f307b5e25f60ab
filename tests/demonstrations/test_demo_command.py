"""What `riskset demo` says: of a whole run, of a name it does not know, and where numbers came in clear."""

import json

import pytest
from rich.console import Console

from riskset.cli import main
from riskset.errors import RisksetError
from riskset.study.load import parse_study
from riskset_demo.command import _show_sent
from riskset_demo.sent_numbers import ADMISSION, CURVES, MODELS, Evidence, Sent
from riskset_demo.studies import DEMONSTRATIONS
from riskset_demo.tables import exception_lines, refusal_lines, sent_lines, sent_table, sites_table


def left(site, readable=0):
    return Sent(
        site, messages=12, bytes=60_559, numbers={ADMISSION: 489, MODELS: 1050, CURVES: 1582}, readable=readable
    )


def printed(*things):
    console = Console(width=80, record=True)
    for thing in things:
        console.print(thing)
    return console.export_text()


@pytest.fixture
def a_demonstration(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", "80")

    def run(name):
        code = main(["demo", name, "--into", str(tmp_path)])
        (root,) = tmp_path.glob(f"riskset-demo-*/{name}")
        return code, capfd.readouterr(), root

    return run


def test_two_hospitals_from_nothing_to_a_report(a_demonstration):
    code, (out, err), root = a_demonstration("hcc-two")
    assert code == 0, err
    said = " ".join(out.split())
    assert "MADE-UP DATA. These patients never lived" in said
    assert "seoul Made-up Seoul KR 80" in said
    assert "2 sites joined" in said
    assert "Every site signed the exception R12.contributors = 2: two hospitals that know each other" in said
    assert "round 0: 2 sites in" in err
    assert said.count("arm = lenvatinib") == 2  # a table an endpoint
    assert "No analysis was refused by a rule." in said
    assert "of these the coordinator could read: 0." in said
    assert "the coordinator saw only sums over 2 sites." in said
    assert "Each of the two can subtract its own part from a sum" in said
    assert said.endswith(f"The report: {root}/results/report.html")
    assert "MADE-UP DATA" in (root / "results" / "figures" / "km-os-all.svg").read_text(encoding="utf-8")
    document = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    assert document["notices"][0].startswith("MADE-UP DATA")
    assert "each of the two sites could subtract its own part" in document["notices"][1]


def test_a_name_that_is_none_is_told_with_those_there_are(capsys):
    assert main(["demo", "kidney"]) == 2
    assert "there are hcc, hcc-two, rotterdam-gbsg, lung, rhdnase" in capsys.readouterr().err


def test_the_help_names_every_demonstration(capsys):
    assert main(["demo", "--help"]) == 0
    told = "".join(capsys.readouterr().out.split()).replace("│", "")
    assert all(f"{name}:{''.join(one.says.split())}" in told for name, one in DEMONSTRATIONS.items())


@pytest.mark.parametrize("demonstration", DEMONSTRATIONS.values(), ids=DEMONSTRATIONS.keys())
def test_the_sites_fit_on_a_line_each(demonstration):
    study = parse_study(demonstration.study.decode())
    lines = printed(sites_table(study, demonstration)).splitlines()
    for name, site in study.sites.items():
        (line,) = [line for line in lines if line.split()[:1] == [name]]
        assert site.name in line
        assert line.split()[-1] == f"{demonstration.patients()[name]:,}"


def test_what_left_is_a_line_a_site():
    text = printed(sent_table(Evidence((left("rotterdam"), left("gbsg")), 3121)))
    assert [line.split() for line in text.splitlines() if "12" in line] == [
        [site, "12", "60,559", "489", "1,050", "1,582", "0"] for site in ("rotterdam", "gbsg")
    ]


def test_of_two_sites_it_is_said_that_each_knows_the_other():
    three = list(sent_lines(Evidence((left("a"), left("b"), left("c")), 3121)))
    assert three[0] == "9,363 numbers left; of these the coordinator could read: 0."
    assert three[-1].endswith("the coordinator saw only sums over 3 sites.")
    assert "subtract its own part" in list(sent_lines(Evidence((left("a"), left("b")), 3121)))[-1]


def test_where_a_number_came_in_clear_the_demonstration_fails(capsys):
    found = Evidence((left("a"), left("b", readable=2), left("c")), 3121)
    with pytest.raises(RisksetError, match="could read numbers of single sites") as failed:
        _show_sent(found, Console(width=80))
    assert failed.value.exit_code == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "could read: 2." in said
    assert "only sums" not in said


def test_a_refusal_is_told_with_its_rule_and_remedy():
    reason = {"rule": "R3", "message": "os: events: at least 50; found 38", "remedy": "drop 2 columns"}
    results = [{"id": "km/os/all", "status": "ok"}, {"id": "cox/os/all", "status": "refused", "reason": reason}]
    assert refusal_lines(results) == [
        "cox/os/all was refused by R3: os: events: at least 50; found 38; drop 2 columns."
    ]
    assert refusal_lines(results[:1]) == ["No analysis was refused by a rule."]


def test_exceptions_are_told_with_limit_value_and_reason():
    assert exception_lines(DEMONSTRATIONS["hcc"]) == ["No exception to any rule was signed."]
    told = exception_lines(DEMONSTRATIONS["hcc-two"])
    assert told[1].startswith("Every site signed the exception R6.parameters = 1/8: five columns")
