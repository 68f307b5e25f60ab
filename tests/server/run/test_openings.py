"""What sites open is compared with what they sent: each lie is shown to pass with less, and then found."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rfc8785
from tests.server.run.conftest import OF_A_MODEL, of_matched
from tests.server.run.ledger_desk import AT, Accomplice, LedgerDesk, Refuser, counts_more, sends_more
from tests.server.run.outside_reader import Reader
from tests.test_kinds import with_sets

from riskset.audit.checks import Checks
from riskset.audit.compare import compare
from riskset.audit.replay import replay
from riskset.audit.verify import verify
from riskset.catalogue import catalogue
from riskset.cli import main
from riskset.joining.signed import write_signed
from riskset.ledger.entry import Entry
from riskset.protocol.approval import read_content, sign_approval
from riskset.protocol.contributing import Contributor
from riskset.protocol.recomputing import Refusal
from riskset.secure.keys import new_identity
from riskset.secure.masks import new_secret

SITES = ("asan", "kurume", "osaka")


def told(checks):
    return [str(one.told) for one in checks.failures]


def compared(desk, data, **opened):
    """What is wrong with openings, and the comparison. The bundle holds, and its results follow."""
    found = verify(data, desk.trusted)
    assert replay(found.checks, found.files, found.run)
    assert told(found.checks) == []
    result = compare(found.checks, found.files, found.run, opened)
    return told(found.checks), result


def follows(found):
    """Whether a site's numbers and refusals follow from its rows, to the bit, and are those that it sent."""
    return all(
        (one.same, one.sent) == (one.numbers, one.masked)
        and not one.not_refused
        and all(of.follows for of in one.refused)
        for one in found.rounds
    )


@pytest.fixture(scope="module")
def honest(tmp_path_factory, patients):
    desk = LedgerDesk(tmp_path_factory.mktemp("honest"), patients)
    run, data = desk.bundles()
    yield desk, run, data
    desk.close()


@pytest.fixture
def desk_of(tmp_path, patients):
    """Makes a desk, goes through a run, and returns both with the bundle."""
    made = []

    def make(of=LedgerDesk, **contributors):
        desk = of(tmp_path, patients, **contributors)
        made.append(desk)
        return desk, *desk.bundles()

    yield make
    for desk in made:
        desk.close()


def test_honest_openings_agree_to_the_bit(honest):
    desk, run, data = honest
    failures, result = compared(desk, data, **desk.opens_all(run))
    assert failures == []
    numbers = [sum(one.masked for one in desk.recomputes(site, run).rounds) for site in SITES]
    assert [one.numbers for one in result.sites] == numbers
    assert min(numbers) > 100
    assert result.missing == ()
    assert all(follows(desk.recomputes(site, run)) for site in SITES)


def test_a_program_that_follows_the_documents_alone_finds_the_same(honest):
    desk, run, data = honest
    reader = Reader(desk.folder / f"{run}.zip")
    reader.read()
    _, result = compared(desk, data, **desk.opens_all(run))
    assert [reader.opened(desk.opens(site, run)) for site in SITES] == [one.numbers for one in result.sites]


def test_one_opening_says_nothing_of_the_others(honest):
    desk, run, data = honest
    failures, result = compared(desk, data, osaka=desk.opens("osaka", run))
    assert (failures, result.missing) == ([], ("asan", "kurume"))


class Unmasked(LedgerDesk):
    text = f'{LedgerDesk.text}\n[disclosure]\nsecure_sum = "off"\n'


def test_sums_that_were_not_masked_are_compared_without_a_secret(desk_of):
    desk, run, data = desk_of(Unmasked)
    opened = desk.opens_all(run)
    assert all(json.loads(one)["opening"]["secret"] == "" for one in opened.values())
    failures, result = compared(desk, data, **opened)
    assert failures == []
    assert all(one.numbers > 100 for one in result.sites)
    assert all(follows(desk.recomputes(site, run)) for site in SITES)
    failures, _ = compared(desk, data, osaka=desk.opens("osaka", run, secret=lambda _: new_secret()))
    assert failures == ["osaka: the secret is not the one whose public half osaka stated when the run opened"]


class Outlying(LedgerDesk):
    """One patient of osaka is much older than all others."""

    text = f'{OF_A_MODEL}[analyses]\ncox = {{ kind = "cox", endpoints = ["os"], multivariable = ["arm", "age"] }}\n'

    def cohorts(self, patients):
        rows, sites = patients.rows(3, 240), patients.sites(SITES, 240)
        age = rows.variables["age"]
        age[:] = np.round(60 + (age - 60) / 20)
        age[np.flatnonzero(sites == "osaka")[0]] = 99
        return patients.deal(rows, sites)


def test_who_refused_is_known_once_all_have_opened(desk_of):
    desk, run, data = desk_of(Outlying)
    failures, result = compared(desk, data, **desk.opens_all(run))
    assert failures == []
    flags = [(flag.site, flag.analysis, flag.limit) for one in result.sites for flag in one.flags]
    assert flags == [("osaka", "cox/os/all/multivariable", "R4.leverage")]
    assert [one.refused > 0 for one in result.sites] == [False, False, True]
    assert follows(again := desk.recomputes("osaka", run))
    refused = Refusal("cox/os/all/multivariable", "R4.leverage", follows=True)
    assert [one.refused for one in again.rounds if one.refused] == [(refused,)]


class Matching(LedgerDesk):
    text = of_matched()

    def cohorts(self, patients):
        dealt = patients.deal(patients.rows(3, 390), patients.sites(SITES, 390))
        return {site: with_sets(cohort, self.study) for site, cohort in dealt.items()}


def test_a_derived_population_is_formed_again_as_it_was_fixed(desk_of, monkeypatch):
    desk, run, data = desk_of(Matching)
    failures, result = compared(desk, data, **desk.opens_all(run))
    assert failures == []
    assert all(one.numbers > 30 for one in result.sites)
    again = desk.recomputes("osaka", run)
    assert follows(again)
    assert (again.populations, again.other_populations) == (1, 0)
    journal = desk.rehearsal.journals["osaka"]
    freeze = type(journal).freeze
    monkeypatch.setattr(
        type(journal), "freeze", lambda self, *of: freeze(self, *of).replace(b"1", b"0", 1) or b"", raising=True
    )
    assert desk.recomputes("osaka", run).other_populations == 1


def test_a_site_that_sent_other_numbers_than_its_ledger_says_is_found_by_its_opening(desk_of):
    desk, run, data = desk_of(osaka=sends_more(1))
    assert compared(desk, data, asan=desk.opens("asan", run))[0] == []
    failures, _ = compared(desk, data, osaka=desk.opens("osaka", run))
    assert failures == [
        "osaka, entry 2: 1 of 1 numbers that osaka opens of round 1 are not what it sent; the first is patients of os "
        "(admission/cohorts)"
    ]
    again = desk.recomputes("osaka", run)
    assert all(one.same == one.numbers for one in again.rounds)
    assert next((one.sent, one.masked) for one in again.rounds) == (0, 1)


def test_numbers_that_fit_what_was_sent_are_found_by_the_rows(desk_of):
    desk, run, data = desk_of(osaka=counts_more(1))
    assert compared(desk, data, **desk.opens_all(run))[0] == []
    again = desk.recomputes("osaka", run)
    assert not follows(again)
    first = again.rounds[0]
    assert (first.at, first.sent) == (("admission/cohorts", "patients of os"), first.masked)
    assert first.largest == pytest.approx(1 / 31)


def test_two_sites_that_lie_in_opposite_directions_are_found_by_one_opening(desk_of):
    desk, run, data = desk_of(osaka=sends_more(1), asan=sends_more(-1))
    totals = json.loads(verify(data, desk.trusted).files["totals.json"])
    assert totals[0]["asked"][0]["totals"][0]["total"] == 90.0  # as it is
    for site in ("osaka", "asan"):
        (said,) = compared(desk, data, **{site: desk.opens(site, run)})[0]
        assert f"numbers that {site} opens of round 1 are not what it sent" in said


def test_two_sites_whose_ledgers_fit_their_opposite_lies_are_found_by_the_rows(desk_of):
    desk, run, data = desk_of(osaka=counts_more(1), asan=counts_more(-1))
    totals = json.loads(verify(data, desk.trusted).files["totals.json"])
    assert totals[0]["asked"][0]["totals"][0]["total"] == 90.0
    assert compared(desk, data, **desk.opens_all(run))[0] == []
    assert [follows(desk.recomputes(site, run)) for site in SITES] == [False, True, False]


def test_a_flag_that_an_accomplice_took_out_is_found_and_all_openings_say_by_whom(desk_of):
    desk, run, data = desk_of(asan=Refuser, osaka=Accomplice)
    assert compared(desk, data, kurume=desk.opens("kurume", run))[0] == []
    (said,) = compared(desk, data, asan=desk.opens("asan", run))[0]
    assert "the flag with which asan refused km/os/all in round" in said
    assert "is not in the total: another site took it out" in said
    failures, _ = compared(desk, data, **desk.opens_all(run))
    assert any("osaka" in one and "was raised in round" in one and "no rule had refused it" in one for one in failures)
    assert not any(one.startswith("kurume") for one in failures)
    assert [one.refused for one in desk.recomputes("asan", run).rounds][-1] == (
        Refusal("km/os/all", "R4.leverage", follows=False),  # and its rows gave no reason to refuse
    )


class Lenient(Contributor):
    """A site that does not judge its rows."""

    def judge_own(self, history):
        return []


def test_what_the_rules_forbid_and_a_site_sent_all_the_same_is_found_by_the_rows(desk_of):
    desk, run, data = desk_of(Outlying, osaka=Lenient)
    assert compared(desk, data, **desk.opens_all(run))[0] == []
    again = desk.recomputes("osaka", run)
    assert all(one.same == one.numbers for one in again.rounds)
    forbidden = [of.limit for one in again.rounds for of in one.not_refused]
    assert forbidden[0] == "R4.leverage"
    assert not follows(again)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"secret": lambda _: new_secret()}, "the secret is not the one whose public half osaka stated"),
        ({"run": lambda _: "another"}, "is not of run"),
        ({"study": lambda _: "0" * 64}, "is not of run"),
        ({"by": "asan"}, "was changed after osaka signed it, or somebody else signed it"),
        ({"site": lambda _: "sapporo"}, "of a site that did not take part"),
        ({"rounds": lambda rounds: rounds[1:]}, "does not name each reply with numbers of the log"),
    ],
)
def test_an_opening_that_is_not_of_this_run_or_site_is_found(honest, changed, says):
    desk, run, data = honest
    failures, _ = compared(desk, data, osaka=desk.opens("osaka", run, **changed))
    assert any(says in one for one in failures), failures


def test_an_opening_of_another_run_is_found(desk_of):
    desk, run, data = desk_of()
    later, _ = desk.bundles()
    failures, _ = compared(desk, data, osaka=desk.opens("osaka", later))
    assert failures == [f"osaka: the opening is not of run {run}, its study and its roster"]
    assert compared(desk, data, osaka=desk.opens("osaka", run))[0] == []


def test_numbers_that_are_not_those_of_the_log_are_found(honest):
    """The site opens other numbers than it recorded; the log has them sealed."""
    desk, run, data = honest

    def changed(rounds):
        (id_, labels, (_, *values)), *others = rounds[0].numbers
        return (replace(rounds[0], numbers=((id_, labels, (31.0, *values)), *others)), *rounds[1:])

    failures, _ = compared(desk, data, osaka=desk.opens("osaka", run, rounds=changed))
    assert "osaka, entry 2: the numbers of round 1 are not those that the log has sealed" in failures
    assert any("1 of 1 numbers that osaka opens of round 1 are not what it sent" in one for one in failures)


def test_a_refusal_without_a_flag_and_a_flag_without_a_refusal_are_found(desk_of):
    desk, run, data = desk_of(Outlying)

    def without(rounds):
        return tuple(replace(one, verdicts=()) for one in rounds)

    failures, _ = compared(desk, data, osaka=desk.opens("osaka", run, rounds=without))
    assert any("was raised in round 3, and no rule had refused it" in one for one in failures)
    assert any("the numbers of round 3 are not those for which the run asked" in one for one in failures)

    def refused(rounds):
        verdict = {"analysis": "cox/os/all/multivariable", "verdict": "fail", "rule": "R7", "limit_name": "R7.largest"}
        return (replace(rounds[0], verdicts=(verdict,)), *rounds[1:])

    failures, _ = compared(desk, data, asan=desk.opens("asan", run, rounds=refused))
    assert any(
        "R7 had refused cox/os/all/multivariable in round 1, and its flag was not raised" in one for one in failures
    )


def _without(kind, at=0):
    def change(entries):
        numbers = [entry.number for entry in entries if entry.kind == kind]
        return [entry for entry in entries if entry.number != numbers[at]]

    return change


def _approved_later(entries):
    return [*(entry for entry in entries if entry.kind != "approved"), entries[0]]


def _approved_by_another(entries):
    public = json.loads(json.dumps(entries[0].public).replace("rehearsal", "nobody"))
    return [replace(entries[0], public=public), *entries[1:]]


def test_an_approval_that_the_site_wrote_later_is_found(honest):
    """With another name, signed anew, in its log and in each entry that names it."""
    desk, run, data = honest
    key = desk.identities["osaka"].signing

    def rewritten(entries):
        approval = replace(read_content(entries[0].public["approval"]), by="nobody")
        public = sign_approval(approval, key)
        others = [replace(one, public={**one.public, "approval": approval.sha256}) for one in entries[1:]]
        return [replace(entries[0], public=public), *others]

    failures, _ = compared(desk, data, osaka=desk.opens("osaka", run, log=desk.rewrites("osaka", rewritten)))
    assert failures[0] == "osaka, entry 1: osaka stated another approval when the run opened than its log has"


def _paused(entries):
    return [entries[0], Entry(0, AT, "paused", {"by": "x", "reason": "y"}, b""), *entries[1:]]


def _closed(change):
    """Changes the entry of the last reply with numbers."""

    def changed(entries):
        return [change(entry) if entry.kind == "closed" else entry for entry in entries]

    return changed


_another_reply = _closed(lambda entry: replace(entry, public={**entry.public, "reply": "0" * 64}))
_other_numbers = _closed(lambda entry: replace(entry, private=bytes(len(entry.private))))


def _two_more(entries):
    return [*entries, next(entry for entry in entries if entry.kind == "closed")]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_without("contributed"), "the reply of osaka in round 1 is not the one that its log has here"),
        (_without("closed"), "has 5 replies of the run, and the bundle 6"),
        (_two_more, "has 7 replies of the run, and the bundle 6"),
        (_another_reply, "the reply of osaka in round 5 is not the one that its log has here"),
        (_approved_later, "osaka answered round 0, and by its log the approval that it names was not in force"),
        (_approved_by_another, "the approval in the name of osaka was changed, or signed with a different key"),
        (_paused, "osaka answered round 3, and by its log the approval that it names was not in force"),
        (_other_numbers, "the numbers of round 5 are not those that the log has sealed"),
    ],
)
def test_a_log_that_the_site_rewrote_and_signed_anew_is_found(honest, change, says):
    desk, run, data = honest
    log = desk.rewrites("osaka", change)
    failures, _ = compared(desk, data, osaka=desk.opens("osaka", run, log=log))
    assert any(says in one for one in failures), failures


def test_a_log_that_nobody_signed_anew_is_found(honest):
    desk, run, data = honest
    failures, _ = compared(
        desk, data, osaka=desk.opens("osaka", run, log=lambda log: log.replace("rehearsal", "other"))
    )
    assert any(one.startswith("osaka: ") and "changed" in one for one in failures), failures


def _earlier(entries):
    return [replace(entries[0], at=AT), *entries[1:]]


def test_a_log_that_the_site_dates_back_is_found_by_what_it_showed_of_it(honest):
    """The time of the approval is another one; each entry alone and all together hold."""
    desk, run, data = honest
    (failures, _) = compared(desk, data, osaka=desk.opens("osaka", run, log=desk.rewrites("osaka", _earlier)))
    said = "osaka: the log of osaka does not begin with the {} entries that it had signed before: it was rewritten"
    assert failures == [said.format(1), said.format(7)]  # when the run opened, and after its end


def test_an_approval_that_came_after_the_site_had_shown_its_log_does_not_count(honest):
    desk, run, data = honest

    def late(entries):
        return [Entry(0, AT, "paused", {"by": "x", "reason": "y"}, b""), *entries]

    failures, _ = compared(desk, data, osaka=desk.opens("osaka", run, log=desk.rewrites("osaka", late)))
    assert any(
        "osaka answered round 0, and by its log the approval that it names was not in force" in one for one in failures
    )


def test_a_site_that_opened_twice_has_one_log(honest):
    """What it did after the run nobody else was shown; but the first opening has it."""
    desk, run, data = honest
    desk.rehearsal.journals["osaka"].ledger.append("paused", {"by": "x", "reason": "after the run"})
    first = desk.opens("osaka", run)
    desk.rehearsal.journals["osaka"].ledger.append("resumed", {"by": "x", "reason": ""})

    def never_paused(entries):
        return [entry for entry in entries if entry.kind not in ("paused", "resumed")] + [entries[-1]] * 2

    second = desk.opens("osaka", run, log=desk.rewrites("osaka", never_paused))
    assert compared(desk, data, first=first)[0] == compared(desk, data, second=second)[0] == []
    (said,) = compared(desk, data, first=first, second=second)[0]
    assert (
        said
        == "second: the log of osaka does not begin with the 10 entries that it had signed before: it was rewritten"
    )
    assert compared(desk, data, first=first, again=desk.opens("osaka", run))[0] == []


def test_the_command_says_what_agrees_who_refused_and_what_does_not_hold(desk_of, tmp_path, capsys):
    desk, run, data = desk_of(Outlying)
    bundle, keys = tmp_path / "run.zip", tmp_path / "trusted.toml"
    bundle.write_bytes(data)
    keys.write_text("".join(f'{party} = "{words}"\n' for party, words in desk.trusted.fingerprints.items()))
    files = []
    for site, opened in desk.opens_all(run).items():
        files.append(str(tmp_path / f"{site}.json"))
        (tmp_path / f"{site}.json").write_bytes(opened)
    capsys.readouterr()
    assert main(["audit", "compare", str(bundle), *files, "--keys", str(keys)]) == 0
    out = capsys.readouterr().out
    assert "asan: 17 numbers agree with what it sent, to the bit." in out
    assert "osaka refused cox/os/all/multivariable in round 3: R4.leverage." in out
    assert "3 numbers were refused" in out
    assert "Restricted: an opening holds the sums of one hospital." in out
    assert main(["audit", "compare", str(bundle), files[2], "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["missing"] == ["asan", "kurume"]
    assert content["sites"][0]["flags"][0]["limit"] == "R4.leverage"
    (tmp_path / "osaka.json").write_bytes(desk.opens("osaka", run, secret=lambda _: new_secret()))
    assert main(["audit", "compare", str(bundle), files[2], "--keys", str(keys)]) == 3
    assert "FAILED: osaka.json: the secret is not the one" in capsys.readouterr().out
    assert main(["audit", "compare", str(bundle), str(tmp_path / "nowhere.json")]) == 1
    bundle.write_bytes(data[:-1])
    assert main(["audit", "compare", str(bundle), files[0]]) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"opening": {"schema": 1}, "signature": ""}',
        b'{"opening": [], "signature": ""}',
        b"\xff",
        b'{"notice": {}}',
    ],
)
def test_a_file_that_is_no_opening_is_refused(honest, data):
    desk, _run, bundle = honest
    failures, result = compared(desk, bundle, osaka=data)
    assert failures == [
        "osaka: expected an opening, as `riskset site open` writes it; this file is not one, or was changed"
    ]
    assert result.sites == []


THREATS = (Path(__file__).parents[3] / "docs" / "threat-model.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"\| `(?:site )?(?:compare|recompute)` \| ([^|]+?) \|", THREATS)


def test_the_threat_model_quotes_what_the_commands_say():
    texts = [
        text for code, text in catalogue("en").items() if code.startswith(("audit.", "protocol.", "site.recompute."))
    ]
    said = [one for text in texts for one in (text.values() if isinstance(text, dict) else [text])]
    assert len(QUOTED) > 10
    assert [sentence for sentence in QUOTED if not any(sentence in one for one in said)] == []


def test_a_site_that_renewed_its_keys_since_opens_with_the_key_of_the_run(desk_of):
    desk, run, data = desk_of()
    of, new = desk.identities["osaka"], new_identity()
    ledger = desk.rehearsal.journals["osaka"].ledger
    ledger.renew(new)
    ledger.append("paused", {"by": "x", "reason": "under the new key"})
    desk.identities["osaka"] = replace(of, signing=new, earlier=(of.signing,))
    failures, (one,) = (found := compared(desk, data, osaka=desk.opens("osaka", run)))[0], found[1].sites
    assert failures == []
    assert one.numbers > 100
    failures, _ = compared(desk, data, osaka=desk.opens("osaka", run, by="osaka"))
    assert failures == ["osaka: the opening was changed after osaka signed it, or somebody else signed it"]


ODD = (None, True, -1, 2**60, "", "x", "1" * 64, "00" * 32, [], {}, [[]], {"a": "b"}, ["x"], "nan", "inf", "1_0", "한")
"""What a program that is not ours could write in the place of any value."""


def _places(value, path=()):
    """Every place in a document, those of the longest lists as one."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from _places(value[key], (*path, key))
    elif isinstance(value, list):
        for at in range(min(len(value), 2)):
            yield from _places(value[at], (*path, at))


def _put(value, path, other):
    if not path:
        return other
    of = dict(value) if isinstance(value, dict) else list(value)
    of[path[0]] = _put(of[path[0]], path[1:], other)
    return of


def test_whatever_the_site_signs_in_place_of_a_value_is_a_failure_and_no_error(honest):
    desk, run, data = honest
    content = json.loads(desk.opens("osaka", run))["opening"]
    key = desk.identities["osaka"].signing
    found = verify(data, desk.trusted)
    drawn, unnoticed = random.Random(1), []
    said_only = {("to",), ("reason",), ("at",)}  # for people, and nothing to compare it with
    for path in sorted(set(_places(content)) - {()} - said_only, key=str):
        for other in drawn.sample(ODD, 4):
            changed = _put(content, path, other)
            try:
                signed = write_signed("opening", changed, signature=key)
            except rfc8785.CanonicalizationError:
                continue
            checks = Checks()
            compare(checks, found.files, found.run, {"osaka": signed})
            if not checks.failures and changed != content:
                unnoticed.append((path, other))
    assert unnoticed == []
