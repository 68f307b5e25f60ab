"""`riskset study dossier`: what an ethics committee reads of a study before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.language import Language, chosen, speak
from riskset.private_files import create_file
from riskset.study.load import load_study
from riskset.terminal import tell


def dossier(
    file: Annotated[Path, typer.Argument(help="The study file (TOML).", metavar="FILE", show_default=False)],
    language: Language = None,
    out: Annotated[Path, typer.Option(help="The file to write (HTML).")] = Path("dossier.html"),
) -> None:
    """Write what an ethics committee reads of a study before it begins, as a page that prints on A4.

    It says what is computed, on whom, every number that leaves a hospital with its recipient, the rules with their
    limits, what is kept, and what a withdrawal, an incident and an audit do. It is an engineering text: a lawyer must
    read it. It holds no data of a hospital. An existing file is not replaced.
    """
    from riskset_report.dossier import dossier_of, dossier_page  # the report takes a second to import

    speak(file)
    if out.exists():
        raise DataError(say("dossier.exists", file=out), say("dossier.exists_hint"))
    page = dossier_page(dossier_of(load_study(file), chosen()), chosen())
    create_file(out, page.encode())
    tell(say("dossier.written", file=out))
