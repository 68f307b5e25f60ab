"""A bundle: whole, the same each time, and any change of it is found where it is."""

import json
import random
import re
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from textwrap import dedent

import pytest
from tests.server.run.conftest import STUDY, Desk, told
from tests.server.run.forging import without_end
from tests.server.run.outside_reader import Reader

from riskset.audit.archive import NotAsWritten, pack, unpack
from riskset.audit.bundle import message_name
from riskset.audit.replay import replay
from riskset.audit.trusted import Trusted, read_trusted
from riskset.audit.verify import verify
from riskset.catalogue import catalogue
from riskset.cli import main
from riskset.errors import DataError
from riskset.ledger.entry import Entry
from riskset.rehearsal import EverySiteConsents
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import new_identity

THREATS = (Path(__file__).parents[3] / "docs" / "threat-model.md").read_text(encoding="utf-8")


def test_a_bundle_holds_and_its_results_follow_byte_by_byte(bundle, trusted):
    found = verify(bundle, trusted)
    assert told(found) == []
    assert found.checks.odd == []
    assert found.checks.held["fingerprints"] == 4
    assert found.checks.held["cosignatures"] == 4 * (len(found.run.rounds) - 1) + 9 > 13
    again = replay(found.checks, found.files, found.run)
    assert again.results_json == found.files["results/results.json"]
    assert told(found) == []
    assert found.checks.held["replay"] > 400


def test_a_bundle_is_the_same_each_time_and_replaces_no_file(finished, bundle, tmp_path, capsys):
    desk, run, file = finished
    again = tmp_path / "again.zip"
    assert desk.says("bundle", run, "--file", again) == 0
    assert again.read_bytes() == bundle
    assert desk.says("bundle", run, "--file", file) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_bundle_holds_no_key_and_each_message_once(finished, bundle):
    desk, _, _ = finished
    keys = [desk.rehearsal.coordinator_key, *desk.rehearsal.keys.values()]
    assert not any(key.private_bytes_raw() in bundle for key in keys)
    files = unpack(bundle)
    replies = [content for path, content in files.items() if path.startswith("messages/") and "coordinator" not in path]
    assert all(bundle.count(reply) == 1 for reply in replies)


def test_the_commands_tell_what_holds_and_what_does_not(finished, bundle, trusted, tmp_path, capsys):
    _, run, file = finished
    keys = tmp_path / "trusted.toml"
    keys.write_text("".join(f'{party} = "{words}"\n' for party, words in trusted.fingerprints.items()))
    assert main(["audit", "verify", str(file), "--keys", str(keys)]) == 0
    out = capsys.readouterr().out
    assert "The bundle holds: " in out
    assert "fingerprint was compared" not in out
    assert main(["audit", "replay", str(file)]) == 0
    out = capsys.readouterr().out
    assert "results.json follows from the sites' signed sums, byte by byte." in out
    assert "No fingerprint was compared" in out
    changed = tmp_path / "changed.zip"
    changed.write_bytes(bundle.replace(run.encode(), run[::-1].encode(), 1))
    assert main(["audit", "verify", str(changed), "--json"]) == 3
    content = json.loads(capsys.readouterr().out)
    assert not content["holds"]
    assert content["failures"][0]["code"] == "audit.archive.differs"
    assert main(["audit", "verify", str(tmp_path / "nowhere.zip")]) == 1


def _mutations(bundle, trusted, n):
    """Changes one byte at each of n places; returns those at which nothing was found, or another file was named."""
    drawn, missed = random.Random(1), []
    for _ in range(n):
        at = drawn.randrange(len(bundle))
        changed = _with_byte(bundle, at, bundle[at] ^ drawn.randrange(1, 256))
        found = verify(changed, trusted)
        if not any(_is_located(unpack(bundle), changed, at, line) for line in told(found)):
            missed.append((at, told(found)))
    return missed


def _with_byte(data, at, value):
    return data[:at] + bytes([value]) + data[at + 1 :]


def _is_located(files, changed, at, line):
    """Whether a finding names the member to which a changed byte belongs, by its name or by the one that it has now, or
    what it follows. After the members come their entries in an index. Without its first bytes it is no archive."""
    if at < len(b"PK\3\4"):
        return "expected a bundle of riskset" in line
    end, before = 0, ""
    for path, content in sorted(files.items()):
        start, end = end + 30, end + 30 + len(path) + len(content)
        if at < end:
            length = int.from_bytes(changed[start - 4 : start - 2], "little")
            renamed = changed[start : start + length].decode(errors="replace")
            return path in line or renamed in line or (f"after {before}" if before else "in its first file") in line
        before = path
    return "the index at its end" in line or f"after {before}" in line


def test_a_changed_byte_is_found_and_located(bundle, trusted):
    assert _mutations(bundle, trusted, 50) == []


def test_other_values_of_every_byte_of_an_archive_are_located():
    files = {"a.csv": b"1,2", "results/curves.csv": b"", "results/figures/a.pdf": b"%PDF", "study.json": b"{}"}
    data = pack(files)
    for at, value in product(range(len(data)), set(range(0, 256, 5)) | set(b"/.AZaz~")):
        if value != data[at]:
            changed = _with_byte(data, at, value)
            with pytest.raises(NotAsWritten) as refused:
                unpack(changed)
            assert _is_located(files, changed, at, str(refused.value)), (at, value, str(refused.value))


@pytest.mark.exhaustive
def test_each_of_2000_changed_bytes_is_found_and_located(bundle, trusted):
    assert _mutations(bundle, trusted, 2000) == []


def test_bytes_that_are_no_bundle_are_refused(bundle, trusted):
    for data in (
        b"",
        b"PK",
        bundle[:-1],
        bundle[1:],
        bundle + b"\0",
        bundle[: len(bundle) // 2],
        b"PK\x03\x04" + b"\0" * 40,
    ):
        assert told(verify(data, trusted))[0].startswith("the archive: ")


def test_a_path_that_leads_out_of_the_folder_is_refused():
    for path in ("../x", "/x", "a//b", "a\\b", "C:x", "a/./b"):
        with pytest.raises(DataError, match="is not as riskset writes it"):
            unpack(pack({path: b"1"}))


def test_another_coordinator_or_site_is_noticed_by_its_fingerprint(bundle, trusted):
    other = fingerprint_words(new_identity().public_key())
    for party in ("coordinator", "osaka"):
        found = verify(bundle, Trusted({**trusted.fingerprints, party: other}))
        assert told(found) == [
            f"roster.json: the key of {party} does not have the fingerprint that you heard: somebody else's key signed"
        ]
    without = {party: words for party, words in trusted.fingerprints.items() if party != "asan"}
    assert "no fingerprint of asan was given" in told(verify(bundle, Trusted(without)))[0]


def test_what_only_the_coordinator_can_change_is_found_in_what_others_signed(bundle, trusted, signed_again):
    files = unpack(bundle)
    reply, other = message_name(1, "asan"), message_name(1, "osaka")
    changed = bytearray(files[reply])
    changed[len(changed) // 2] ^= 1
    for changes, path, says in [
        ({reply: bytes(changed)}, reply, "asan"),
        ({reply: files[other]}, reply, "the message is not the one that the log has here"),
        ({reply: None}, reply, "does not have this file"),
        ({"messages/99-asan.bin": b""}, "messages/99-asan.bin", "no bundle has a file of this name"),
        ({"results/terms.csv": b""}, "results/terms.csv", "not the one that the results had when the run ended"),
        ({"results/new.txt": b""}, "results/new.txt", "not the one that the results had when the run ended"),
        ({"results/terms.csv": None}, "results/terms.csv", "which they had when the run ended"),
        ({"code.json": b"{}\n"}, "code.json", "does not repeat what the messages say"),
        ({"approvals/asan.json": files["approvals/osaka.json"]}, "approvals/asan.json", "does not repeat"),
        ({"study.toml": files["study.toml"].replace(b"A trial", b"A trail")}, "study.toml", "of another study"),
        ({"study.toml": b"\xff"}, "study.toml", "of another study"),
        ({"study.json": files["study.json"].replace(b"A trial", b"A trail")}, "coordinator.log", "another study"),
    ]:
        failures = told(verify(signed_again(**changes), trusted))
        assert any(line.startswith(path) and says in line for line in failures), (path, failures)


def _at(kind, round_=None):
    return lambda entry: entry.kind == kind and (round_ is None or entry.public["round"] == round_)


def _swapped(entries, one, other):
    at, to = (next(i for i, entry in enumerate(entries) if of(entry)) for of in (one, other))
    entries[at], entries[to] = entries[to], entries[at]
    return entries


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda log: [e for e in log if not _at("received", 1)(e)], "does not have one message and one reply"),
        (lambda log: _swapped(log, _at("asked", 1), _at("received", 1)), "not in an order that can be"),
        (lambda log: log[:-1], "one beginning and one end"),
        (lambda log: [*log, log[-2]], "does not have one message and one reply"),
        (lambda log: [*log[:-1], Entry(0, log[-1].at, "ended", {"run": log[-1].public["run"]}, b"")], "which files"),
        (lambda log: [log[0], log[1], *log[1:]], "does not have one message and one reply"),
    ],
)
def test_a_log_that_its_coordinator_rewrote_is_found(trusted, with_log, change, says):
    failures = told(verify(with_log(change), trusted))
    assert any(line.startswith("coordinator.log") and says in line for line in failures), failures


def test_an_entry_rewritten_before_the_last_cosignature_is_found_by_it(trusted, with_log):
    """The coordinator signs its log anew with another time of the beginning; the sites had cosigned the old one."""

    def earlier(log):
        return [Entry(0, "2020-01-01T00:00:00.000+00:00", log[0].kind, log[0].public, log[0].private), *log[1:]]

    failures = told(verify(with_log(earlier), trusted))
    assert any("the log that was shown to the sites is not the log of the bundle" in line for line in failures)


def test_a_clock_that_went_back_is_shown_and_is_no_failure(bundle, trusted, with_log):
    found = verify(
        with_log(
            lambda log: [*log[:-1], Entry(0, "2020-01-01T00:00:00.000+00:00", "ended", log[-1].public, b"")],
            **without_end(bundle),
        ),
        trusted,
    )
    assert told(found) == []
    assert ["the clock went back" in str(one.told) for one in found.checks.odd] == [True, False, False, False, False]


def test_results_that_do_not_follow_are_found_by_the_replay(bundle, trusted, with_log, signed_again):
    """The coordinator writes another number, and the hash of its file into the log, before the run ends."""
    results = json.loads(unpack(bundle)["results/results.json"])
    totals = json.loads(unpack(bundle)["totals.json"])
    totals[0]["asked"][0]["totals"][0]["total"] += 1
    results["results"][0]["analysed"] += 1
    changed = {
        "results/results.json": json.dumps(results).encode(),
        "totals.json": json.dumps(totals).encode(),
        "verdicts.json": b"{}",
    }
    found = verify(signed_again(**changed), trusted)
    again = replay(found.checks, found.files, found.run)
    assert again.results_json == unpack(bundle)["results/results.json"]
    lines = told(found)
    assert any(line.startswith("results/results.json: results[0].analysed does not follow") for line in lines)
    assert "totals.json: [0].asked[0].totals[0].total does not follow from the sums" in lines
    assert any(line.startswith("verdicts.json: km/os/all.verdict does not follow") for line in lines)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("coordinator", "not TOML"),
        ('asan = "one two three four five six"', "names no coordinator"),
        ('coordinator = "one two"', "as the fingerprint of coordinator"),
        ("coordinator = 1", "as the fingerprint of coordinator"),
        ('[coordinator]\nkey = "x"', "as the fingerprint of coordinator"),
    ],
)
def test_a_file_of_fingerprints_that_is_none_is_refused(text, says):
    with pytest.raises(DataError, match=says):
        read_trusted(text)


def test_the_file_of_fingerprints_in_docs_auditor_md_is_one():
    page = (Path(__file__).parents[3] / "docs" / "auditor.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert set(read_trusted(dedent(block)).fingerprints) == {"coordinator", "seoul"}


def test_fingerprints_may_be_typed_as_words_are_said(finished):
    key = finished[0].rehearsal.roster.coordinator
    words = fingerprint_words(key).upper().replace(" ", "  ")
    assert read_trusted(f'coordinator = "{words}"').knows("coordinator", key)
    assert read_trusted(f'coordinator = "{key.public_bytes_raw().hex()}"').knows("coordinator", key)


def test_only_a_finished_run_has_a_bundle(tmp_path, patients, capsys):
    desk = Desk(tmp_path, patients)
    assert desk.says("bundle", desk.begins(rounds=1), "--file", tmp_path / "a.zip") == 3
    assert "is not finished" in capsys.readouterr().err
    assert not (tmp_path / "a.zip").exists()


def test_results_that_are_not_as_they_were_have_no_bundle(finished, tmp_path, capsys):
    desk, run = finished[0].copied_to(tmp_path / "copy"), finished[1]
    (desk.out / run / "terms.csv").write_text("other")
    assert desk.says("bundle", run, "--file", tmp_path / "a.zip") == 1
    assert "terms.csv is not the file that the results had when the run ended" in capsys.readouterr().err
    assert not (tmp_path / "a.zip").exists()


def test_a_program_that_follows_the_documents_alone_finds_the_same_totals(finished):
    """Behind the flags; the number of flags is what is not named in totals.json."""
    reader = Reader(finished[2])
    totals = reader.read()
    rounds = json.loads(reader.files["totals.json"])
    named = [[one["total"] for asked in of["asked"] for one in asked["totals"]] for of in rounds]
    assert reader.checked > 30
    assert len(totals) == len(named) > 3
    for found, expected in zip(totals, named, strict=True):
        assert found[len(found) - len(expected) :] == expected


class NextVersion(Desk):
    """A study of the same id by other parties, with another version and a landmark."""

    text = STUDY.replace('version = "1"', 'version = "2"').replace('["os"] }', '["os"], landmarks = [12] }')


def test_two_runs_are_compared_in_words(finished, tmp_path, patients, capsys):
    _, _, first = finished
    assert main(["audit", "diff", str(first), str(first)]) == 0
    assert capsys.readouterr().out == "Nothing differs but the run itself.\n"
    desk, second = NextVersion(tmp_path, patients), tmp_path / "second.zip"
    assert desk.says("bundle", desk.finishes(desk.begins()).name, "--file", second) == 0
    capsys.readouterr()
    assert main(["audit", "diff", str(first), str(second)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert 'study: study.version was "1" and is "2"' in said
    assert "study: analyses.survival.landmarks[0] is new: 12" in said
    assert not any("is gone" in line for line in said)
    assert "another coordinator's key signed the roster" in said
    assert "osaka has another key" in said
    assert any(re.fullmatch(r"km/os/all: \d+ of \d+ values differ", line) for line in said)
    assert main(["audit", "diff", str(first), str(second), "--json"]) == 0
    codes = {one["code"] for one in json.loads(capsys.readouterr().out)["differences"]}
    assert {"audit.diff.changed", "audit.diff.key", "audit.diff.values"} <= codes
    second.write_bytes(second.read_bytes()[:-1])
    assert main(["audit", "diff", str(first), str(second)]) == 3


def test_an_answer_after_the_approval_had_ended_is_found(tmp_path, patients, monkeypatch, capsys):
    signs = EverySiteConsents.approval

    def signed(self, *of):
        return replace(signs(self, *of), until=date(2020, 1, 1)) if self.site == "osaka" else signs(self, *of)

    monkeypatch.setattr(EverySiteConsents, "approval", signed)
    desk = Desk(tmp_path, patients)
    run = desk.finishes(desk.begins()).name
    assert desk.says("bundle", run, "--file", tmp_path / "a.zip") == 1
    assert "osaka answered at 20" in (told := capsys.readouterr().err)
    assert "its approval was in force until 2020-01-01" in " ".join(told.split())


@pytest.mark.parametrize("sentence", re.findall(r"\| `(?:verify|replay)` \| \W?([^|]+?)\W? \|", THREATS))
def test_the_threat_model_quotes_what_the_commands_say(sentence):
    said = [str(text) for code, text in catalogue("en").items() if code.startswith(("audit.", "protocol.own_log."))]
    assert any(sentence in text for text in said)
