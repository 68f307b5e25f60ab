"""Files of a bundle that repeat, for a reader, what its records say; each is compared with what follows from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from riskset.audit.recorded_run import RecordedRun, Round
from riskset.catalogue import Message, say
from riskset.ledger.note import Note, Signature, parse
from riskset.protocol.end_messages import read_seen_to_end
from riskset.protocol.log_view import read_log_view
from riskset.protocol.opening import read_opened
from riskset.protocol.witnessing import read_cosigned
from riskset.secure.fingerprint_words import fingerprint_words

README: Final = "README.html"
FINAL: Final = "checkpoints/end.txt"
_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; max-width: 44em; margin: 2em auto; padding: 0 1em; line-height: 1.5 }}
th {{ text-align: left; padding-right: 1em; font-weight: normal; color: #555 }}
strong {{ color: #b34700 }}
</style>
</head>
<body>
<h1>{title}</h1>
<p><strong>{restricted}</strong></p>
<table>
{facts}
</table>
{paragraphs}
</body>
</html>
"""


def follows_from(run: RecordedRun) -> dict[str, bytes]:
    """Returns approvals, checkpoints and code.json by their path."""
    said = {reply.head.sender: read_opened(reply.payload) for reply in run.rounds[0].replies}
    approvals = {
        f"approvals/{site}.json": as_json({"sha256": one.approval.sha256, "approval": one.approval.content})
        for site, one in said.items()
        if one.approval is not None
    }
    codes = {
        site: {
            "riskset": one.version,
            **one.program.content,
            **({} if one.code is None else {"code": one.code.content}),
        }
        for site, one in said.items()
    }
    checkpoints = {
        f"checkpoints/{round_:02d}.txt": _cosigned_note(one).encode() for round_, one in enumerate(run.rounds) if round_
    }
    if run.witnessed:
        checkpoints[FINAL] = str(_final(run)).encode()
    return {**approvals, **checkpoints, "code.json": as_json(codes)}


def as_json(content: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Returns the text of a file that programs and people read: the same bytes for the same content."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _cosigned_note(one: Round) -> str:
    """Returns the checkpoint that a message showed, with the cosignatures of all sites that answered it."""
    note = parse(read_log_view(one.new).checkpoint)
    return str(note.joined([*_cosignatures(one, note)]))


def _cosignatures(one: Round, note: Note) -> Iterator[Signature]:
    for reply in one.replies:
        line = read_cosigned(reply.payload).cosignature
        yield from parse(f"{note.text}\n{line}").signatures


def _final(run: RecordedRun) -> Note:
    """Returns the checkpoint at the end of the run with the cosignatures of the sites that gave theirs."""
    note = parse(run.final)
    lines = (read_seen_to_end(one.payload).cosignature for one in run.witnessed)
    return note.joined([line for text in lines for line in parse(f"{note.text}\n{text}").signatures])


def readme(run: RecordedRun) -> Mapping[str, bytes]:
    """Returns README.html, in the language of the study."""
    language, study = run.study.language, run.study

    def shown(message: Message) -> str:
        return escape(message.in_language(language))

    keys = run.roster.parties_of(run.participants)
    facts = {
        shown(say("audit.readme.study")): f"{study.title_in(language)} ({study.id} {study.version})",
        shown(say("audit.readme.run")): run.id,
        shown(say("audit.readme.began")): run.began_at,
        shown(say("audit.readme.last_reply")): run.last_reply_at,
        **{shown(say("audit.readme.fingerprint", party=name)): fingerprint_words(key) for name, key in keys.items()},
    }
    paragraphs = map(shown, (say("audit.readme.what"), say("audit.readme.check"), say("audit.readme.trust")))
    page = _PAGE.format(
        language=language,
        title=shown(say("audit.readme.title", run=run.id)),
        restricted=shown(say("audit.readme.restricted")),
        facts="\n".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in facts.items()),
        paragraphs="\n".join(f"<p>{text}</p>" for text in paragraphs),
    )
    return {README: page.encode()}
