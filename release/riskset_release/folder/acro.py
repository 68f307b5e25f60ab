"""A copy of a release in the form of acro 1.0.2, which acro loads and its viewer opens.

The viewer writes into the folder it opens, so the copy is in a place of its own; nothing in it is signed, and a
withdrawal does not reach it. acro judged none of the outputs: its own fields of checks are empty. In English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from riskset import __version__
from riskset.catalogue import say
from riskset.secure.envelope import sha256
from riskset_release.folder.deciders import by_auditor
from riskset_release.folder.proof_file import as_json
from riskset_release.folder.released import Released, ReleasedOutput

VERSION: Final = "1.0.2"
"""Of acro: it loads a folder of its own version alone."""
RESULTS: Final = "results.json"
_LIKE_A_TABLE: Final = ".csv"


def acro_files(released: Released) -> dict[str, bytes]:
    """Returns the files of the copy by their path. acro has no folders: a file of an output is named by its path with
    `-` for each slash. ValueError where two would have one name."""
    contents = {_name(path): content for one in released.outputs for path, content in one.files.items()}
    if len(contents) != sum(len(one.files) for one in released.outputs) or RESULTS in contents:
        raise ValueError("two files of a release have one name in acro's folder")
    results = {one.id: _record(one, released.described.at) for one in released.outputs}
    tool = {"@type": "SoftwareApplication", "name": "riskset", "version": __version__}
    contents[RESULTS] = as_json({"version": VERSION, "tool": tool, "results": results})
    return {**contents, **_checksums(contents)}


def _name(path: str) -> str:
    return path.replace("/", "-")


def _record(output: ReleasedOutput, at: str) -> dict[str, Any]:
    reasons = [vote.reason for vote in output.votes if vote.decision == "exception"]
    names = sorted(map(_name, output.files))
    comments = (
        say("release.acro.title", title=output.title, output=output.id),
        *(say("release.acro.accepted", by=by_auditor(vote)) for vote in output.votes),
        say("release.acro.copy", sha256=output.sha256),
    )
    return {
        "uid": output.id,
        "status": "review" if reasons else "pass",
        # with a table in it, acro reads the tables; of a custom output it keeps the files
        "type": "table" if any(name.endswith(_LIKE_A_TABLE) for name in names) else "custom",
        "properties": {"method": output.kind},
        "files": [{"name": name, "sdc": {}} for name in names],
        "outcome": {},
        "command": "riskset release",
        "summary": "review; accepted as an exception" if reasons else "pass",
        "timestamp": at,
        "comments": [str(one) for one in comments],
        "exception": "; ".join(reasons),
        "fair": {},
    }


def _checksums(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """As acro writes them: a file for each, with the hash alone."""
    return {f"checksums/{name}.txt": sha256(content).encode() for name, content in contents.items()}
