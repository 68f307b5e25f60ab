"""Bundles that a dishonest coordinator or site made: whatever their bytes are, a check ends, and says what is wrong."""

import json
import struct
from dataclasses import replace

import pytest
from tests.server.run.conftest import SITES, Desk, told
from tests.server.run.forging import without_end
from tests.server.run.test_after_the_end import closing_swapped

from riskset.audit import bundle as bundle_module
from riskset.audit import bundling, commands, log_checks, message_checks
from riskset.audit.archive import pack, unpack
from riskset.audit.bundle import LOG, MANIFEST, RESULTS, manifest, message_name, read_manifest
from riskset.audit.checks import Checks
from riskset.audit.following import readme
from riskset.audit.replay import replay
from riskset.audit.trusted import Trusted
from riskset.audit.verify import verify
from riskset.cli import main
from riskset.errors import DataError
from riskset.joining.signed import MOST_FILE_BYTES, write_signed
from riskset.ledger.checkpoint import Checkpoint, sign_checkpoint
from riskset.ledger.entry import Entry, canonical, read_line
from riskset.ledger.note import Signature, key_id
from riskset.ledger.witness import COSIGNED
from riskset.protocol import opening
from riskset.protocol import site as site_module
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.roster import COORDINATOR, read_roster
from riskset.secure.envelope import claimed_head, frame, seal, sha256
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import new_identity
from riskset_server.run.record import RunRecord


@pytest.fixture
def desk(tmp_path, patients):
    return Desk(tmp_path, patients)


def bundle_of(desk, run, tmp_path):
    file = tmp_path / f"{run}.zip"
    assert desk.says("bundle", run, "--file", file) == 0
    return file.read_bytes()


def odd(found):
    return [str(finding.told) for finding in found.checks.odd]


def with_public(log, of, **changes):
    """The log with the public part of some entries changed; None takes a key away."""
    return [
        Entry(0, e.at, e.kind, {k: v for k, v in {**e.public, **changes}.items() if v is not None}, e.private)
        if of(e)
        else e
        for e in log
    ]


class TestAnyBytes:
    """Nothing that a coordinator can sign stops the check."""

    @pytest.mark.parametrize(
        ("of", "changes"),
        [
            (lambda e: e.kind == "received", {"round": []}),
            (lambda e: e.kind == "received" and e.public["round"] == 2, {"round": None}),
            (lambda e: e.kind == "asked", {"round": {}}),
            (lambda e: e.kind == "asked" and e.public["round"] == 1, {"round": True}),
            (lambda e: e.kind == "received", {"sender": None}),
            (lambda e: e.kind == "received", {"sender": ["asan"]}),
            (lambda e: e.kind == "began", {"participants": [[], {}, 1]}),
            (lambda e: e.kind == "began", {"participants": None}),
            (lambda e: e.kind == "ended", {"files": []}),
            (lambda e: e.kind == "ended", {"files": {"results.json": [1]}}),
            (lambda e: True, {"run": None}),
        ],
    )
    def test_entries_of_any_form(self, trusted, with_log, of, changes):
        assert told(verify(with_log(lambda log: with_public(log, of, **changes)), trusted))

    def test_a_reply_of_no_round(self, trusted, with_log):
        def change(log):
            return [*log[:-1], *with_public(log[-2:-1], lambda e: True, round=[]), log[-1]]

        assert any("for which nobody asked" in line for line in told(verify(with_log(change), trusted)))

    @pytest.mark.parametrize("names", [[], ["None"], ["None"] * 3])
    def test_a_run_of_nobody(self, trusted, with_log, names):
        def change(log):
            kept = [e for e in log if e.kind != "received"] if not names else log
            named = with_public(kept, lambda e: e.kind == "began", participants=names)
            return with_public(named, lambda e: e.kind == "received", sender=None)

        assert any("not sites of the roster" in line for line in told(verify(with_log(change), trusted)))

    def test_more_files_than_an_archive_holds(self, trusted):
        header = struct.Struct("<4s5H3I2H")
        members = (b"PK\x03\x04", 20, 0, 0, 0, 0x21, 0, 0, 0, 5, 0)
        data = b"".join(header.pack(*members) + b"%05d" % number for number in range(65_600))
        (failure,) = told(verify(data, trusted))
        assert "at most 65,535 files" in failure

    def test_a_log_of_very_many_rounds_is_read_once(self):
        """Counted in looks at an entry: a log of 32 MB has 100,000."""
        looks = []

        class Counted(dict):
            def get(self, *of):
                looks.append(of)
                return super().get(*of)

        def entry(number, kind, **public):
            return Entry(number, "2026-01-01T00:00:00.000+00:00", kind, Counted(public), b"")

        n = 500
        asked = [entry(2 * i, "asked", round=i) for i in range(n)]
        received = [entry(2 * i + 1, "received", round=i, sender="asan") for i in range(n)]
        checks = Checks()
        assert len([*log_checks._rounds(checks, [*asked, *received], ["asan"], -1, 2 * n)]) == n
        assert checks.all_hold
        assert len(looks) <= 10 * n

    def test_results_that_are_none_are_not_compared(self, finished, bundle, signed_again, with_log, tmp_path, capsys):
        for content in (b"{", b"[]", b'{"results": [1]}', b'{"results": [{"id": 1}]}'):

            def change(log, content=content):
                files = {**log[-1].public["files"], "results.json": sha256(content)}
                return [*log[:-1], Entry(0, log[-1].at, "ended", {**log[-1].public, "files": files}, b"")]

            other = tmp_path / "other.zip"
            other.write_bytes(with_log(change, **without_end(bundle), **{f"{RESULTS}results.json": content}))
            assert told(verify(other.read_bytes(), None)) == []
            assert main(["audit", "diff", str(other), str(other)]) == 1
            assert "does not hold results" in capsys.readouterr().err


class TestOneForm:
    """Each record can be read in one way only, or two readers see two bundles."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda of: {**of, "files": [{**of["files"][0], "sha256": "0" * 64}, *of["files"]]},
            lambda of: {**of, "files": of["files"][::-1]},
            lambda of: {
                **of,
                "files": sorted([*of["files"], {**of["files"][0], "path": MANIFEST}], key=lambda f: f["path"]),
            },
            lambda of: {**of, "remark": "seen by the committee"},
        ],
    )
    def test_a_manifest(self, finished, bundle, trusted, change):
        files = unpack(bundle)
        of = json.loads(files[MANIFEST])["bundle"]
        for content, says in ((of, []), (change(of), ["manifest.json: not the manifest of a bundle"])):
            signed = write_signed("bundle", content, signature=finished[0].rehearsal.coordinator_key)
            assert told(verify(pack({**files, MANIFEST: signed}), trusted)) == says

    def test_a_manifest_of_very_many_files(self, monkeypatch):
        """A hundred sites in a hundred rounds."""
        files = {message_name(round_, f"site{number:02d}"): b"" for round_ in range(100) for number in range(100)}
        data = manifest("0" * 16, files, new_identity())
        assert len(read_manifest(data).content["files"]) == 10_000
        monkeypatch.setattr(bundle_module, "MOST_MANIFEST_BYTES", MOST_FILE_BYTES)
        with pytest.raises(DataError):
            read_manifest(data)

    def test_a_log_with_a_cosignature_that_nobody_gave(self, finished, bundle, trusted, signed_again):
        """Readers of checkpoints/end.txt would take it for the site's."""
        desk, files = finished[0], unpack(bundle)
        *lines, last = files[LOG].decode().splitlines()
        note = json.loads(last)["checkpoint"] + forged("osaka", desk)
        text = "\n".join([*lines, canonical({"checkpoint": note}).decode()]) + "\n"
        failures = told(verify(signed_again(**{LOG: text.encode()}), trusted))
        assert any("one checkpoint that the coordinator alone has signed" in line for line in failures), failures

    def test_a_log_with_a_checkpoint_in_its_middle(self, finished, bundle, trusted, signed_again):
        desk, files = finished[0], unpack(bundle)
        first, *others = files[LOG].decode().splitlines()
        root = read_line(first).leaf
        note = sign_checkpoint(Checkpoint("riskset/coordinator", 1, root), desk.rehearsal.coordinator_key)
        text = "\n".join([first, canonical({"checkpoint": note}).decode(), *others])
        failures = told(verify(signed_again(**{LOG: text.encode() + b"\n"}), trusted))
        assert [line.startswith(f"{LOG}: the log is not spelt as riskset writes it") for line in failures] == [True]

    def test_an_entry_of_another_kind(self, trusted, with_log):
        def change(log):
            return [*log[:-1], Entry(0, log[-1].at, "withdrew", {"site": "osaka"}, b""), log[-1]]

        failures = told(verify(with_log(change), trusted))
        assert any("no entries of the kind withdrew" in line for line in failures), failures

    def test_results_that_are_not_there(self, bundle, trusted, with_log):
        """The coordinator leaves all of them out, and says so in the log."""
        results = dict.fromkeys(path for path in unpack(bundle) if path.startswith(RESULTS))

        def change(log):
            return [*log[:-1], Entry(0, log[-1].at, "ended", {**log[-1].public, "files": {}}, b"")]

        data = with_log(change, **without_end(bundle), **results, **{"totals.json": None})
        missing = [f"{path}: the bundle does not have this file" for path in ("totals.json", "results/results.json")]
        assert told(verify(data, trusted)) == missing


class TestARunThatWasNotFinished:
    """The sites opened a run; the coordinator invents the rest of it."""

    def test_only_opened(self, bundle, trusted, with_log, monkeypatch):
        later = [
            path for path in unpack(bundle) if path.startswith(("messages/", "checkpoints/")) and "/00-" not in path
        ]

        def change(log):
            return [*(e for e in log[:-1] if e.public.get("round", 0) == 0), log[-1]]

        with monkeypatch.context() as off:
            off.setattr(log_checks, "LEAST_ROUNDS", 1)
            off.setattr(message_checks, "LEAST_ROUNDS", 1)
            page = readme(verify(with_log(change, **dict.fromkeys(later)), trusted).run)
            data = with_log(change, **dict.fromkeys(later), **page)
            found = verify(data, trusted)
            assert told(found) == []
            assert not replay(found.checks, found.files, found.run)
            assert told(found) == ["messages/: the run is not finished"]
        found = verify(data, trusted)
        assert "the run ends without its closing round" in told(found)[0]
        assert found.run is None


class TestAnswersAfterTheEnd:
    @pytest.mark.parametrize("payload", [b"", b"\0", frame([b"\xff", b"{}"]), frame([b"x", b"{}"])])
    @pytest.mark.parametrize("later", [1, 2])
    def test_of_any_form(self, finished, bundle, trusted, signed_again, payload, later):
        files = unpack(bundle)
        last = max(path for path in files if path.endswith("-coordinator.bin"))
        path = message_name(int(last.split("/")[1].split("-")[0]) + later, "osaka")
        head = claimed_head(files[path])
        stated = {
            name: getattr(head, name) for name in ("type", "study", "roster", "run", "round", "sender", "history")
        }
        answer = seal(finished[0].rehearsal.keys["osaka"], payload, **stated)
        failures = told(verify(signed_again(**{path: answer}), trusted))
        assert failures[0].startswith(path)
        assert not any("no bundle has a file of this name" in line for line in failures)

    def test_of_a_site_whose_first_statement_does_not_hold(self, desk, monkeypatch, tmp_path):
        """All parties looked away when osaka opened the run with another's signature on its own log."""
        opened, other = site_module.Site._opened, new_identity()

        def unsigned(self, *of):
            found = opened(self, *of)
            if self.name != "osaka":
                return found
            return replace(found, log=desk.rehearsal.journals["osaka"].log().shown("osaka", other))

        monkeypatch.setattr(site_module.Site, "_opened", unsigned)
        monkeypatch.setattr(Coordinator, "_check_its_log", lambda *_: None)
        monkeypatch.setattr(site_module, "check_shown", lambda *_: None)
        run = desk.finishes(desk.begins()).name
        checked = bundling.check_end
        monkeypatch.setattr(bundling, "check_end", lambda _, *of: checked(Checks(), *of))
        failures = told(verify(bundle_of(desk, run, tmp_path), None))
        assert failures[0].startswith("messages/00-osaka.bin: ")


def forged(site, desk, name=""):
    """A line in the name of a site, which it did not sign."""
    identity = desk.rehearsal.roster.sites[site]
    return str(Signature(name or site, key_id(site, identity, COSIGNED), bytes(72)))


class TestWhoAndWhich:
    def test_a_site_that_should_have_been_there_is_named(self, bundle, trusted):
        more = Trusted({**trusted.fingerprints, "sapporo": fingerprint_words(new_identity().public_key())})
        assert odd(verify(bundle, trusted)) == []
        assert odd(verify(bundle, more)) == [
            "roster.json: you gave the fingerprint of sapporo, which took no part in this run"
        ]

    def test_which_run_it_is_is_said(self, finished, capsys):
        """The bundle of another run under the name of this one holds, too."""
        assert main(["audit", "verify", str(finished[2])]) == 0
        first = capsys.readouterr().out.splitlines()[0]
        assert first.startswith(f"Run {finished[1]} of the study trial 1, by asan, kurume, osaka: it began at 20")
        assert main(["audit", "verify", str(finished[2]), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["of"]["sites"] == [*SITES]

    def test_a_site_by_the_name_of_the_coordinator(self, finished, bundle):
        desk = finished[0]
        content = json.loads(unpack(bundle)["roster.json"])["roster"]
        assert read_roster(write_signed("roster", content, signature=desk.rehearsal.coordinator_key))
        content["sites"][COORDINATOR] = content["sites"].pop("osaka")
        with pytest.raises(DataError):
            read_roster(write_signed("roster", content, signature=desk.rehearsal.coordinator_key))


class TestTimes:
    def test_a_log_dated_back_while_the_sites_cosign_it(self, desk, monkeypatch, tmp_path):
        """A coordinator writes that all answers came before an approval ended; the sites' own clocks say otherwise."""
        with monkeypatch.context() as then:
            then.setattr("riskset.ledger.log_file.utc_now", lambda: "2026-01-01T00:00:00.000+00:00")
            run = desk.finishes(desk.begins()).name
        data = bundle_of(desk, run, tmp_path)
        found = verify(data, None)
        assert told(found) == []
        n_rounds = len(found.run.rounds) - 1
        assert sum("by its own clock" in line for line in odd(found)) == n_rounds * len(SITES)
        monkeypatch.setattr(message_checks, "CLOCKS_DIFFER_S", 10**12)
        assert odd(verify(data, None)) == []


class TestOldVersions:
    def test_all_claim_a_protocol_without_logs_of_their_own(self, desk, monkeypatch, tmp_path):
        """Then nobody cosigns the end, and it is said so."""
        monkeypatch.setattr("riskset.protocol.program.PROTOCOL", 3)
        monkeypatch.setattr(opening, "PROTOCOL", 3)
        for site in SITES:
            desk.rehearsal.start_site(site)
        monkeypatch.setattr(Desk, "delivers", lambda *_: ())
        monkeypatch.setattr(site_module, "check_shown", lambda *_: None)
        opened = site_module.Site._opened
        monkeypatch.setattr(site_module.Site, "_opened", lambda *of: replace(opened(*of), log=None))
        run = desk.finishes(desk.begins()).name
        found = verify(bundle_of(desk, run, tmp_path), None)
        assert told(found) == []
        assert sum("has not cosigned the end" in line for line in odd(found)) == len(SITES)


def test_an_earlier_run_that_was_not_named_is_shown(desk, monkeypatch, tmp_path):
    """A coordinator keeps it from sites that were not in it."""
    first = desk.finishes(desk.begins()).name
    named = desk.finishes(desk.begins()).name
    assert odd(verify(bundle_of(desk, named, tmp_path), None)) == []
    monkeypatch.setattr(RunRecord, "earlier", lambda *_: ())
    monkeypatch.setattr(site_module, "check_earlier", lambda *_: None)
    monkeypatch.setattr(site_module, "check_told", lambda *_: None)
    run = desk.finishes(desk.begins()).name
    said = odd(verify(bundle_of(desk, run, tmp_path), None))
    assert sum("the run was opened without naming run" in line for line in said) == 2
    assert any(first in line for line in said)


def test_two_logs_of_one_coordinator_are_not_compared(bundle, trusted, with_log, monkeypatch, tmp_path, capsys):
    """Each bundle by itself holds."""
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    one.write_bytes(with_log(closing_swapped, **without_end(bundle)))
    other.write_bytes(bundle)
    assert told(verify(one.read_bytes(), trusted)) == told(verify(bundle, trusted)) == []
    command = ["audit", "diff", str(one), str(other)]
    assert main(command) == 3
    assert "the coordinator rewrote its log, or it keeps two" in " ".join(capsys.readouterr().out.split())
    assert main(["audit", "diff", str(other), str(other)]) == 0
    monkeypatch.setattr(commands, "check_one_log", lambda *_: None)
    assert main(command) == 0
