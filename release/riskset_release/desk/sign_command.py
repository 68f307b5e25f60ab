"""The command with which an auditor signs, on their own machine, what they decided at a desk elsewhere."""

from __future__ import annotations

import re
import shlex
from typing import Final

from riskset_release.outputs import Candidate, Output
from riskset_release.votes import Judgement

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MEANT_BY_NO_SHELL: Final = re.compile(r"""[^"$`\\!%^&|<>\r\n]*""")
"""Within double quotes: no shell, that of Windows included, takes anything of it for a command."""


def sign_command(candidate: Candidate, output: Output, judgement: Judgement, auditor: str) -> list[str]:
    """Returns the words of the command. The auditor's own files have their usual names in it. Its bytes are those that
    the desk shows: where the auditor's bundle gives others, the command refuses."""
    words = ["riskset", "audit", "sign", "RUN.zip", quoted(output.id), judgement.decision, "--sha256", output.sha256]
    words += ["--keys", "trusted.toml", "--votes", "votes", "--as", quoted(auditor), "--key", quoted(f"{auditor}.pem")]
    words += ["--name", quoted(judgement.name)]
    if judgement.category:
        words += ["--category", judgement.category]
    if judgement.reason:
        words += ["--reason", quoted(judgement.reason)]
    if candidate.earlier:
        words += ["--earlier", "earlier"]
    for figure in candidate.exact:
        words += ["--exact", quoted(figure)]
    return words


def quoted(text: str) -> str:
    """Returns a text as one word of a command line. In quotes that every shell knows, unless it has a sign that one of
    them would take for a command: then as a POSIX shell needs it."""
    if _PLAIN.fullmatch(text):
        return text
    return f'"{text}"' if _MEANT_BY_NO_SHELL.fullmatch(text) else shlex.quote(text)
