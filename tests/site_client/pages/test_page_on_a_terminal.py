"""What a terminal is sent: the drawing's own styles, and nothing of a style that a text from outside has."""

import os
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")

PAGE = r"""
from riskset_site.pages.output import write_page
from riskset_site.pages.page import Page, PageSection, PageTable
table = PageTable(("column",), (("AFP\x1b[31m",),))
write_page(Page("A title", {}, [PageSection("Texts", [table])]), None, None)
"""
QUESTION = """
from riskset_site.commands.map_terminal import show
show(("variable", "column"), [("age", "AGE\\x1b[31m")])
"""
EXPLAINED = "from riskset.cli import main; main(['explain', 'data.fault.not_a_date'])"


def on_a_terminal(program):
    """What a program writes to a pseudo-terminal."""
    reader, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LANG": "C.UTF-8"}
    subprocess.run([sys.executable, "-c", program], stdout=terminal, env=environment, check=True)
    os.close(terminal)
    written = b""
    try:
        while part := os.read(reader, 65536):
            written += part
    except OSError:  # Linux, at the end
        pass
    os.close(reader)
    return written.decode()


@pytest.mark.parametrize("program", [PAGE, QUESTION])
def test_a_drawing_keeps_its_styles_and_texts_have_none(program):
    written = on_a_terminal(program)
    assert "\x1b[1m" in written
    assert r"\x1b[31m" in written
    assert r"\x1b[1m" not in written
    assert "\x1b[31m" not in written


def test_an_explanation_is_drawn():
    written = on_a_terminal(EXPLAINED)
    assert "\x1b[1m" in written
    assert r"\x1b" not in written
