"""Puts withdrawals into a released folder: into proof.json, and every page is written again.

It needs the folder alone, no bundle. Nothing is half written: the proof is replaced first, and it decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from riskset.audit.trusted import Trusted
from riskset.catalogue import say
from riskset.errors import DataError
from riskset.private_files import replace_file
from riskset.strict_json import read_json
from riskset_release.folder.proof_file import proof_and_pages
from riskset_release.folder.released import Released, read_folder, released_of
from riskset_release.withdrawals import read_withdrawal


def withdraw_from(folder: Path, papers: Mapping[str, bytes], trusted: Trusted | None) -> Released:
    """Puts signed withdrawals, by the name under which a message names them, into the folder, and returns the release
    as it is then. Without any, its pages are written again, as after a command that was killed.

    Raises DataError where the folder is not as it was released, a paper is no withdrawal of these bytes, or its signer
    can withdraw nothing of it; then nothing is written.
    """
    proof, files = read_folder(folder)
    _check_are_of(released_of(proof, files, trusted), papers)
    changed = {**proof, "outputs": [_with_withdrawals(one, papers.values()) for one in proof["outputs"]]}
    released = released_of(changed, files, trusted)
    for path, content in proof_and_pages(changed, released).items():
        replace_file(folder / path, content)
    return released


def _check_are_of(released: Released, papers: Mapping[str, bytes]) -> None:
    """Raises DataError where a paper is of no output of this release: it would be passed over."""
    for name, data in papers.items():
        paper = read_withdrawal(data)
        output = released.output(paper.output)
        of = (paper.study, paper.run, paper.output_sha256)
        if output is None or of != (released.study_sha256, released.run, output.sha256):
            raise DataError(say("release.withdrawal.other", file=name), say("release.vote.form_hint"))


def _with_withdrawals(output: dict[str, Any], papers: Iterable[bytes]) -> dict[str, Any]:
    before = output["withdrawals"]
    own = [read_json(paper) for paper in papers if read_withdrawal(paper).output == output["id"]]
    return {**output, "withdrawals": [*before, *(one for one in own if one not in before)]}
