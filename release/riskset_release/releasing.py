"""A release: the outputs that a committee accepted, a note, and the public proof. Nothing else is in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from riskset.audit.bundle import LOG as LOG_FILE
from riskset.audit.bundle import ROSTER
from riskset.audit.following import FINAL
from riskset.audit.proof import FILE as PROOF
from riskset.audit.proof import SCHEMA as PROOF_SCHEMA
from riskset.catalogue import Message, say
from riskset.errors import DataError, Refused
from riskset.ledger.entry import Entry
from riskset.ledger.merkle import Tree
from riskset.ledger.trusted_log import read_log
from riskset.protocol.end_messages import Listed
from riskset.protocol.roster import read_roster
from riskset.protocol.witnessing import LOG
from riskset.secure.envelope import sha256
from riskset.strict_json import read_json
from riskset_release.ballots import Count, Decision, Policy
from riskset_release.outputs import Candidate, Output
from riskset_release.record import RECORD, record_of
from riskset_release.votes import Vote
from riskset_release.who_decides import facts_of, why_too_early

NOTE: Final = "release-note.html"
OF_PROOF: Final = (ROSTER, LOG_FILE, FINAL)
"""The files of a bundle that a proof is made of."""
_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; line-height: 1.5 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .3em .8em .3em 0; border-bottom: 1px solid #ccc }}
@media print {{ @page {{ size: A4; margin: 20mm }} body {{ margin: 0; max-width: none }} tr {{ break-inside: avoid }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>
{facts}
</table>
<h2>{outputs_title}</h2>
<table>
<thead><tr><th scope="col">{output}</th><th scope="col">{accepted}</th></tr></thead>
<tbody>
{outputs}
</tbody>
</table>
{paragraphs}
</body>
</html>
"""


def released_files(
    candidate: Candidate,
    counted: Count,
    decisions: Mapping[str, Decision],
    votes: Mapping[str, bytes],
    policy: Policy,
    at: str,
    language: str,
) -> dict[str, bytes]:
    """Returns the files of a release by their path. `votes` are the files of votes by their id, `at` (UTC, ISO 8601) is
    when it is released.

    Raises Refused where nothing is accepted, where hospitals can still veto, or where one has not cosigned the end of
    the run.
    """
    if too_early := why_too_early(policy, at):
        raise Refused("too_early", too_early, say("release.policy.too_early_hint"))
    accepted = [one for one in candidate.outputs if decisions[one.id].is_released]
    if not accepted:
        raise Refused("nothing", say("release.release.nothing"), say("release.release.nothing_hint"))
    files = {path: content for output in accepted for path, content in output.files.items()}
    of = {output.id: [vote for vote in counted.ballots[output.id].counted if vote.accepts] for output in accepted}
    proof = _proof(candidate, accepted, of, votes, policy)
    record = record_of(candidate, decisions, counted, policy, at)
    note = _note(candidate, accepted, of, policy, at, language)
    return {**files, RECORD: _json(record), PROOF: _json(proof), NOTE: note.encode()}


def _json(content: object) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _proof(
    candidate: Candidate,
    accepted: Sequence[Output],
    of: Mapping[str, Sequence[Vote]],
    votes: Mapping[str, bytes],
    policy: Policy,
) -> dict[str, Any]:
    bundle = candidate.records
    roster = read_roster(bundle[ROSTER])
    if FINAL not in bundle:
        raise Refused("not_cosigned", say("release.release.not_cosigned"), say("release.release.not_cosigned_hint"))
    log = read_log(bundle[LOG_FILE].decode(), LOG, roster.coordinator)
    tree = Tree(entry.leaf for entry in log.entries)
    began, ended = (_entry(log.entries, kind, candidate.run) for kind in ("began", "ended"))
    outputs = [
        {
            "id": one.id,
            "sha256": one.sha256,
            "files": [{"path": path, "sha256": sha256(content)} for path, content in sorted(one.files.items())],
            "votes": [read_json(votes[vote.id]) for vote in of[one.id]],
        }
        for one in accepted
    ]
    return {
        "schema": PROOF_SCHEMA,
        "run": candidate.run,
        "study": candidate.study_sha256,
        "accepts": policy.accepts,
        "roster": read_json(bundle[ROSTER]),
        "checkpoint": bundle[FINAL].decode(),
        "began": Listed(began.proven, tree.inclusion(began.number, tree.size)).content,
        "ended": Listed(ended.proven, tree.inclusion(ended.number, tree.size)).content,
        "outputs": outputs,
    }


def _entry(entries: Sequence[Entry], kind: str, run: str) -> Entry:
    found = next((one for one in entries if (one.kind, one.public.get("run")) == (kind, run)), None)
    if found is None:
        raise DataError(say("audit.log.not_whole", run=run))
    return found


def _note(
    candidate: Candidate,
    accepted: Sequence[Output],
    of: Mapping[str, Sequence[Vote]],
    policy: Policy,
    at: str,
    language: str,
) -> str:
    """Returns the release note: what is released, who accepted it, and how anybody checks that."""

    def shown(message: Message) -> str:
        return escape(message.in_language(language))

    rows = (_row(one, of[one.id], language) for one in accepted)
    facts: dict[Message, str] = {
        say("audit.readme.study"): f"{candidate.title} ({candidate.study})",
        say("audit.readme.run"): candidate.run,
        say("release.note.at"): at[:10],
        **{name: fact.in_language(language) for name, fact in facts_of(policy)},
        say("release.note.study_hash"): candidate.study_sha256,
    }
    return _PAGE.format(
        language=language,
        title=shown(say("release.note.title", study=candidate.study)),
        facts="\n".join(f"<tr><th>{shown(k)}</th><td>{escape(v)}</td></tr>" for k, v in facts.items()),
        outputs_title=shown(say("release.note.outputs", n=len(accepted))),
        output=shown(say("release.note.output")),
        accepted=shown(say("release.note.accepted")),
        outputs="\n".join(rows),
        paragraphs="\n".join(f"<p>{shown(text)}</p>" for text in _paragraphs(accepted)),
    )


def _row(output: Output, votes: Sequence[Vote], language: str) -> str:
    by = "<br>".join(escape(_by(vote).in_language(language)) for vote in votes)
    return f"<tr><td>{escape(output.title)}<br><small>{escape(output.id)}</small></td><td>{by}</td></tr>"


def _by(vote: Vote) -> Message:
    values = {"name": vote.name, "date": vote.at[:10]}
    if vote.decision == "exception":
        return say("release.note.by_exception", reason=vote.reason, **values)
    return say("release.note.by", **values)


def _paragraphs(accepted: Sequence[Output]) -> Iterator[Message]:
    yield say("release.note.gate")
    if titles := tuple(one.title for one in accepted if one.by_exception):
        yield say("release.note.exceptions", n=len(titles), outputs=titles)
    yield say("release.note.check")
    yield say("release.note.forever")
