"""What a command prints, whatever code page the machine has: never an error, never a question mark for a letter."""

import io
import json
import os
import subprocess
import sys

import pytest

from riskset import output_streams

CODE_PAGES = ("cp932", "cp949", "cp1252", "ascii")
TEXT = "병원 久留米 ✓ — ≥ Å"
PRINTS = """
import sys
from riskset import cli
from riskset.catalogue import verbatim
from riskset.terminal import tell
def show():
    tell(sys.argv[1])
    tell(sys.argv[1], err=True)
cli._run = lambda arguments: show() or 0
raise SystemExit(cli.main([]))
"""


def environment(code_page):
    return os.environ | {"PYTHONIOENCODING": f"{code_page}:strict", "PYTHONUTF8": "0", "RISKSET_LANG": ""}


@pytest.mark.parametrize("code_page", CODE_PAGES)
def test_what_is_redirected_is_utf_8(code_page):
    """As `riskset ... > file` on a Windows with this code page; `strict` raises where a letter is lost."""
    run = subprocess.run(
        [sys.executable, "-c", PRINTS, TEXT], capture_output=True, env=environment(code_page), check=False
    )
    assert (run.returncode, run.stdout.decode("utf-8").strip()) == (0, TEXT)
    assert run.stderr.decode("utf-8").strip() == TEXT


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminal that Python opens")
@pytest.mark.parametrize(
    ("code_page", "shown"),
    [
        ("cp932", r"\ubcd1\uc6d0 久留米 ok - >= \xc5"),
        ("cp949", r"병원 久留米 ok - ≥ \xc5"),
        ("cp1252", r"\ubcd1\uc6d0 \u4e45\u7559\u7c73 ok — >= Å"),
        ("utf-8", TEXT),
    ],
)
def test_a_terminal_shows_what_it_can_and_the_rest_in_ascii(code_page, shown):
    import pty

    parent, child = pty.openpty()
    command = [sys.executable, "-c", PRINTS, TEXT]
    subprocess.run(command, stdout=child, stderr=subprocess.DEVNULL, env=environment(code_page), check=True)
    os.close(child)
    assert os.read(parent, 1000).decode(code_page).strip() == shown
    os.close(parent)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("≥ 5 …", ">= 5 ..."),
        ("┏━┓", "+-+"),
        ("⠋", "*"),
        ("가", r"\uac00"),
        ("\U0001f600", r"\U0001f600"),
        ("a\n", "a\n"),
    ],
)
def test_signs_in_ascii(text, written):
    assert output_streams.plain(text) == written


def test_a_stream_that_cannot_be_changed_stays():
    output_streams.set_up([None, io.StringIO()])


@pytest.mark.parametrize("code_page", CODE_PAGES)
def test_json_of_a_check_has_the_export_s_own_letters(tmp_path, code_page):
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    (tmp_path / "export.csv").write_text("구분,d,e\n가,10,1\n나,20,0\n다,30,1\n", encoding="cp949")
    command = [sys.executable, "-m", "riskset", "site", "check", "site.toml", "--study", "study.toml", "--json"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, env=environment(code_page), check=False)
    assert (run.returncode, run.stderr) == (3, b"")
    assert "'다'" in json.loads(run.stdout.decode("utf-8"))["problems"][0]["detail"]


STUDY = """
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
seoul = { name = "서울" }
busan = { name = "부산" }
[variables]
arm = { type = "category", levels = ["a", "b"] }
days = { type = "number", range = [0, 5000] }
event = { type = "boolean" }
[time]
grid = { width_days = 7, max_days = 2191 }
[endpoints.os]
days = "days"
event = "event"
[analyses]
cox = { kind = "cox", endpoints = ["os"], multivariable = ["arm"] }
"""
SITE = """
schema = 1
study = "trial"
site = "seoul"
[source]
csv = "export.csv"
encoding = "cp949"
[map]
arm = { column = "구분", recode = { "가" = "a", "나" = "b" } }
days = "d"
event = "e"
"""
