"""What a coordinating statistician reads in a terminal is in the language of the study, or of whoever tries it."""

import re

from tests.pseudo_language import latin_words

from riskset.cli import main

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "A trial"
{language}
[sites]
asan = {{ name = "Asan" }}
osaka = {{ name = "Osaka" }}
kurume = {{ name = "Kurume" }}
[variables]
arm = {{ type = "category", levels = ["old", "new"] }}
age = {{ type = "number", range = [0, 120] }}
days = {{ type = "number", range = [0, 5000] }}
dead = {{ type = "boolean" }}
[comparison]
arm = "arm"
reference = "old"
[time]
grid = {{ width_days = 28, max_days = 2520 }}
[endpoints.os]
days = "days"
event = "dead"
[analyses]
cox = {{ kind = "cox", endpoints = ["os"], multivariable = ["arm", "age"] }}
"""
KNOWN = ("A trial", "trial", "asan", "osaka", "kurume", "arm", "age", "days", "dead", "os", "cox/os/all/multivariable",
         "cox", "multivariable", "admission/")  # fmt: skip


def rows(seed, n):
    return [
        {"arm": ("old", "new")[i % 2], "age": str(40 + (seed + i * 7) % 40), "days": str(30 + i * 13 % 900),
         "dead": str(int(i % 3 != 0))}
        for i in range(n)
    ]  # fmt: skip


def printed(capsys, desk):
    out, err = capsys.readouterr()
    return re.sub(r"\b[0-9a-f]{64}\b", "", (out + err).replace(str(desk.root), ""))


def test_what_try_and_check_print(desk, pseudo_language, monkeypatch, capsys):
    desk.writes_study(STUDY.format(language=""))
    for seed, name in enumerate(("asan", "osaka", "kurume")):
        desk.adds_site(name, rows(seed, 8))  # too few: everything is refused
    monkeypatch.setenv("RISKSET_LANG", pseudo_language)
    assert main(["study", "check", str(desk.study)]) == 0
    assert latin_words(printed(capsys, desk), KNOWN) == []
    assert main(desk.command) == 0
    files = re.compile(r"[\w.-]+\.(?:html|docx|json|csv|md)|/(?:tables|figures|out)")
    assert latin_words(files.sub("", printed(capsys, desk)), [*KNOWN, "R1", "R3", "R4", "R5", "R6", "R2"]) == []


def test_the_study_names_the_language(desk, pseudo_language, monkeypatch, capsys):
    monkeypatch.delenv("RISKSET_LANG", raising=False)
    desk.writes_study(STUDY.format(language=f'language = "{pseudo_language}"').replace('"os"]', '"oss"]'))
    assert main(["study", "check", str(desk.study)]) == 3
    problems = printed(capsys, desk).replace("study.toml", "")
    assert latin_words(problems, [*KNOWN, "[study.endpoint.unknown]", "[analyses]", "endpoints", "oss"]) == []
    assert "oss" in problems
