"""Approving, pausing, withdrawing: what is typed, what is signed, and what the running process makes of it."""

import json
from contextlib import closing
from datetime import date
from fractions import Fraction

import pytest

from riskset import __version__
from riskset.disclosure.policy import default_policy
from riskset.errors import DataError, Refused, VerificationError
from riskset.joining.expiry import expiry_lines
from riskset.protocol import program
from riskset.protocol.approval import read_approval
from riskset.protocol.roster import load_roster, sign_roster
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import new_identity
from riskset.study.asked import installed
from riskset.study.load import load_study
from riskset_site.consent import signing
from riskset_site.consent import terms as terms_module
from riskset_site.consent.approvals import Approvals, LedgerConsent, expiry_of
from riskset_site.consent.terms import Terms, draft
from riskset_site.consent.vouching import vouched_for, write_vouching
from riskset_site.keys import Identity, SitePaths, make_keys
from riskset_site.records.journal import own_ledger

BOTH = ("--compared", "asan", "--compared", "osaka")
TODAY, NOW = date(2024, 6, 1), "2024-06-01T12:00:00.000+00:00"
METHODS = {**installed(), "gehan": "riskset-gehan 1.2"}
"""With one that another package brings."""
WHO = {"by": "M. Uchida", "irb": "2024-117", "until": date(2025, 5, 31)}


@pytest.fixture
def consent(member):
    """What the running process asks, and what its log hears."""
    ledger = member.ledger()
    heard = []

    def ask():
        files = member.study_folder
        mine = LedgerConsent(Approvals(ledger, files.identity), heard.append)
        return mine.approval(files.study_hash, files.roster.sha256, files.snapshot, files.methods)

    yield ask, heard
    ledger.close()


def no(ask, code="approval"):
    with pytest.raises(Refused) as refused:
        ask()
    assert refused.value.code == code
    return str(refused.value)


def drafted(member, **terms):
    return draft(member.study_folder, Terms(**WHO | terms), TODAY, NOW)


def refusal(member, **terms):
    with pytest.raises((DataError, Refused)) as raised:
        drafted(member, **terms)
    return str(raised.value)


def test_why_there_is_no_approval_is_logged_once_until_there_is_one(member):
    heard = []
    with closing(member.ledger()) as ledger:
        approvals, files = Approvals(ledger, member.study_folder.identity), member.study_folder
        mine = LedgerConsent(approvals, heard.append, today=lambda: TODAY)

        def ask():
            return mine.approval(files.study_hash, files.roster.sha256, files.snapshot, files.methods)

        approvals.approve(drafted(member, compared=("asan", "osaka")), files.study)
        for _ in range(2):
            approvals.pause("M. Uchida", "a new export comes")
            [no(ask) for _ in range(3)]
            approvals.resume("M. Uchida", "")
            ask()
    assert [line.split(":")[0] for line in heard] == [
        f"this site was paused on {heard[0][24:34]} by M. Uchida",
        "an approval is in force again",
    ] * 2


def test_what_is_approved_is_what_is_in_the_folder(member):
    files, approval = member.study_folder, drafted(member, compared=["osaka"])
    assert (approval.study, approval.roster) == (files.study_hash, files.roster.sha256)
    assert approval.covers(files.snapshot)
    assert (approval.by, approval.irb, approval.until, approval.code) == (*WHO.values(), __version__)
    assert (approval.compared, approval.policy, approval.exceptions) == (("osaka",), {}, ())


def test_an_approval_is_signed_into_the_ledger_and_in_force(member, consent):
    ask, heard = consent
    assert no(ask) == "nobody at this site has approved the study"
    assert member.approves(*BOTH) == 0
    ledger = member.ledger()
    [entry] = ledger.entries("approved")
    key = member.identity.signing.public_key()
    assert read_approval(entry.public, key) == ask()
    assert read_approval(json.loads((member.folder / "kurume.approval.json").read_bytes()), key) == ask()
    ledger.close()
    assert len(heard) == 1


def test_a_pause_typed_beside_the_running_process_is_obeyed_at_its_next_message(member, consent):
    ask, heard = consent
    member.approves(*BOTH)
    assert ask().by == "M. Uchida"
    assert member.says("pause", "--by", "M. Uchida", "--reason", "a new export comes") == 0
    assert "paused" in no(ask)
    assert heard[-1].endswith(" by M. Uchida: a new export comes (to continue: riskset site resume)")
    assert member.says("resume", "--by", "M. Uchida") == 0
    assert ask().by == "M. Uchida"
    assert member.says("withdraw", "--by", "M. Uchida", "--reason", "the board said so") == 0
    assert "withdrawn" in no(ask, "withdrawn")


def test_a_withdrawal_is_undone_only_by_an_approval_that_says_why(member, consent, capsys):
    """A routine approval, as of a new version, is refused and not written; so is the option without a withdrawal."""
    ask, _ = consent
    member.approves(*BOTH)
    assert member.approves(*BOTH, "--after-withdrawal", "the committee agreed") == 3
    assert "this site has not withdrawn" in capsys.readouterr().err
    member.says("withdraw", "--by", "M. Uchida", "--reason", "the board said so")
    for rules in ("", '[[eligibility]]\nid = "a"\nrule = "age >= 50"'):
        member.has_study(rules=rules)
        assert member.approves(*BOTH) == 3
        said = capsys.readouterr().err
        assert "this site was withdrawn from the study" in said
        assert "riskset site approve --after-withdrawal WHY" in said
    member.has_study()
    assert member.says("resume", "--by", "M. Uchida") == 3
    assert "--after-withdrawal" in capsys.readouterr().err
    assert "withdrawn" in no(ask, "withdrawn")
    assert member.approves(*BOTH, "--after-withdrawal", "the committee agreed") == 0
    assert "takes part again after a withdrawal: the committee agreed" in capsys.readouterr().out
    assert ask().by == "M. Uchida"
    with closing(member.ledger()) as ledger:
        acts = [entry.kind for entry in ledger.entries() if entry.kind != "froze"]
        assert acts == ["approved", "withdrew", "rejoined", "approved"]
        assert ledger.entries("rejoined")[0].public == {"by": "M. Uchida", "reason": "the committee agreed"}
    assert member.says("ledger") == 0
    assert "by M. Uchida: the committee agreed" in " ".join(capsys.readouterr().out.split())


def test_what_cannot_be_done_now_is_refused_and_not_written(member):
    assert [member.says(act, "--by", "x", "--reason", "y") for act in ("pause", "resume", "withdraw")] == [3, 3, 3]
    member.approves(*BOTH)
    assert member.says("resume", "--by", "x") == 3
    assert [member.says("pause", "--by", "x", "--reason", "y") for _ in range(2)] == [0, 3]
    ledger = member.ledger()
    assert [entry.kind for entry in ledger.entries()] == ["approved", "paused"]
    ledger.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda member: member.exports(member.patients(61)), "the data, or how they are read, have changed"),
        (
            lambda member: member.has_study(rules='[[eligibility]]\nid = "a"\nrule = "age >= 50"'),
            "the study differs",
        ),
        (lambda member: member.has_roster(telephone="+81 000"), "the roster differs"),
    ],
)
def test_other_data_another_version_and_another_roster_need_another_approval(member, consent, change, told):
    ask, _ = consent
    member.approves(*BOTH)
    ask()
    change(member)
    assert told in no(ask)
    member.approves(*BOTH)
    ask()


def test_a_process_of_another_version_of_the_program_is_not_approved(member):
    member.approves(*BOTH)
    ledger, files = member.ledger(), member.study_folder
    newer = LedgerConsent(Approvals(ledger, files.identity), [].append, code="9.9.9")
    asked = (files.study_hash, files.roster.sha256, files.snapshot, files.methods)
    assert no(lambda: newer.approval(*asked)) == f"riskset {__version__} was approved; this is riskset 9.9.9"
    ledger.close()


def test_the_approval_names_every_installed_method(member, monkeypatch, capsys):
    monkeypatch.setattr(signing, "installed", lambda: METHODS)
    monkeypatch.setattr(terms_module, "installed", lambda: METHODS)
    member.approves(*BOTH)
    assert "method gehan from riskset-gehan 1.2\n" in capsys.readouterr().out
    ledger = member.ledger()
    assert Approvals(ledger, member.study_folder.identity).standing().approval.methods == METHODS
    ledger.close()
    member.says("ledger")
    assert "compared: asan, osaka; method gehan from riskset-gehan 1.2" in " ".join(capsys.readouterr().out.split())


def test_a_method_that_was_updated_since_is_not_approved(member, consent, monkeypatch):
    ask, _ = consent
    member.approves(*BOTH)
    ask()
    monkeypatch.setattr(program, "installed", lambda: METHODS | {"cox": "riskset 9.9.9"})
    assert no(ask) == f"the method cox was approved as provided by riskset {__version__}; riskset 9.9.9 provides it now"
    monkeypatch.setattr(program, "installed", lambda: METHODS | {"km": "riskset 9.9.9"})
    ask()  # the study asks for no curves


def test_a_ledger_that_does_not_hold_is_no_consent(member):
    member.approves(*BOTH)
    ledger, files = member.ledger(), member.study_folder
    ledger.read("SELECT 1")
    other = LedgerConsent(Approvals(ledger, files.identity), [].append)
    ledger._file._db.execute("UPDATE ledger_head SET checkpoint = 'x'")
    with pytest.raises(DataError, match="cannot be verified"):
        other.approval(files.study_hash, files.roster.sha256, files.snapshot, files.methods)
    ledger.close()


def test_the_approved_study_is_kept_to_be_compared(member):
    before = load_study(member.folder / "study.toml")
    member.approves(*BOTH)
    member.has_study(min_sites=3)
    ledger = member.ledger()
    assert Approvals(ledger, member.study_folder.identity).study() == before
    ledger.close()


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({"by": " "}, "--by is empty or contains non-printable characters"),
        ({"irb": "2024\x1b[2K"}, "--irb is empty or contains non-printable characters"),
        ({"until": date(2024, 5, 31)}, "--until 2024-05-31 is in the past"),
        ({"compared": ["asna"]}, "'asna' is not one of the other sites in the roster"),
        ({"compared": ["kurume"]}, "'kurume' is not one of the other sites in the roster"),
        ({"exceptions": ["R3=10"]}, "expected one --reason for each --exception, found 1 --exception and 0 --reason"),
        ({"exceptions": ["R3=10"], "reasons": [" "]}, "the exception R3=10 has no reason"),
        ({"exceptions": ["R3=9"], "reasons": ["few"]}, "R3.events: 9 is beyond the floor"),
        (
            {"exceptions": ["R3=30"], "reasons": ["few"]},
            "R3.events: 30 is not an exception: at least 20 applies anyway",
        ),
        ({"exceptions": ["R33=3"], "reasons": ["few"]}, "R33 is neither a rule nor a limit"),
        ({"exceptions": ["R3=10", "R3.events=11"], "reasons": ["a", "b"]}, "more than one exception for R3.events"),
    ],
)
def test_what_cannot_be_signed_is_refused(member, terms, told):
    assert refusal(member, **terms) == told


def test_an_approval_does_not_outlast_the_ethics_committees(member_at):
    member = member_at(irb="2024-117", irb_until="2025-03-31")
    told = "--until 2025-05-31 is later than the IRB approval, which expires on 2025-03-31"
    assert refusal(member) == told
    assert refusal(member, irb="2024-118") == "the roster lists IRB 2024-117, but --irb says 2024-118"
    assert drafted(member, until=date(2025, 3, 31)).irb == "2024-117"


def test_expiry_is_announced_thirty_days_ahead(member):
    approval = drafted(member)
    assert expiry_lines([expiry_of(approval)], date(2025, 4, 30)) == []
    [told] = expiry_lines([expiry_of(approval)], date(2025, 5, 1))
    assert told.startswith("warning: the approval of this site expires on 2025-05-31, in 30 days; renew it with")


def test_the_approval_contains_limits_of_the_site_file_and_exceptions(member):
    member.writes("[limits]", "R1.population_rows = 100")
    approval = drafted(member, exceptions=["R4=1/3"], reasons=["two adults"])
    assert approval.policy == {"R1.population_rows": "100", "R4.leverage": "1/3"}
    limits = approval.limits("pooled", 5)
    assert (limits.values["R1.population_rows"], limits.values["R4.leverage"]) == (100, Fraction(1, 3))


def test_an_exception_holds_in_the_column_that_knows_it_and_the_other_keeps_its_default(member):
    pooled = drafted(member, exceptions=["R4=1/3"], reasons=["two adults"], may_be_subtracted=True)
    assert pooled.limits("pooled", 5).values["R4.leverage"] == Fraction(1, 3)
    assert pooled.limits("local", 5) == default_policy("local")  # where 1/3 holds anyway
    told = "R4.leverage: 1/2 is beyond the floor"
    assert refusal(member, exceptions=["R4=1/2"], reasons=["two adults"]) == told
    local = drafted(member, exceptions=["R4=1/2"], reasons=["two adults"], may_be_subtracted=True)
    assert local.limits("local", 5).values["R4.leverage"] == Fraction(1, 2)
    assert local.limits("pooled", 5) == default_policy("pooled")


def test_a_limit_of_the_site_file_stays_where_the_column_knows_it(member):
    member.writes("[limits]", "R2.apart_sites = 4", "min_cell = 8")
    limits = drafted(member).limits
    assert limits("pooled", 5).values["R2.apart_sites"] == 4
    assert limits("local", 5) == default_policy("local", 8)


@pytest.mark.parametrize(
    ("sites", "study", "told"),
    [
        (("kurume", "asan"), {}, "can subtract its own sums from every total"),
        (("kurume", "asan", "osaka"), {"secure_sum": "off"}, "see this site's own sums, not only totals"),
    ],
)
def test_what_others_can_read_is_shown_and_accepted_by_name(member_at, sites, study, told):
    member = member_at(sites)
    member.has_study(**study)
    said = refusal(member)
    assert told in said
    assert "Hospital of asan (asan)" in said
    assert drafted(member, compared=sites[1:]).compared == sites[1:]


def test_a_compared_site_vouches_for_others(member):
    files = member.study_folder
    file = write_vouching(member.others["asan"], files.roster, ["osaka"])
    assert drafted(member, compared=["asan"], vouched=[file]).compared == ("asan", "osaka")
    assert "which has not been compared here" in refusal(member, vouched=[file])


def test_a_party_that_is_no_site_vouches_where_its_words_were_heard(member):
    auditor, files = new_identity(), member.study_folder
    file = write_vouching(auditor, files.roster, ["osaka", "asan"])
    heard = fingerprint_words(auditor.public_key()).upper()
    assert drafted(member, vouched=[file], voucher=heard).compared == ("asan", "osaka")
    other = fingerprint_words(new_identity().public_key())
    assert "which has not been compared here" in refusal(member, vouched=[file], voucher=other)


def test_vouching_for_a_different_key_than_the_rosters_reveals_the_swap(member):
    honest = member.study_folder.roster
    member.others["osaka"] = new_identity()
    member.has_roster()
    file = write_vouching(member.others["asan"], honest, ["osaka"])
    assert refusal(member, compared=["asan"], vouched=[file]) == (
        "the file vouches for a different key of osaka than the roster lists"
    )


def test_a_changed_file_and_one_of_another_study_vouch_for_nobody(member):
    roster, key = member.study_folder.roster, member.others["asan"]
    file = write_vouching(key, roster, ["osaka"])
    with pytest.raises(VerificationError, match="was changed after it was signed"):
        vouched_for(file.replace(b"osaka", b"asan2"), roster, ["asan"])
    with pytest.raises(DataError, match="not a file that vouches"):
        vouched_for(b"{}", roster, ["asan"])
    with pytest.raises(DataError, match="the sites of a different study"):
        vouched_for(write_vouching(key, type(roster)(**vars(roster) | {"study_id": "x"}), []), roster, ["asan"])


def test_a_site_writes_a_file_that_vouches(member, tmp_path):
    out = tmp_path / "vouched.json"
    assert member.says("vouch", "--compared", "osaka", "--out", str(out)) == 0
    assert vouched_for(out.read_bytes(), member.study_folder.roster, ["kurume"]) == ("osaka",)
    assert member.says("vouch", "--compared", "osaka", "--out", str(out)) == 1  # never over another file


def test_a_roster_of_another_coordinator_is_not_signed_for(member, capsys):
    member.coordinator = new_identity()
    member.has_roster()
    assert member.approves(*BOTH) == 1
    assert "signed with a different key than that of the coordinator who invited this site" in capsys.readouterr().err


def test_r14_by_a_study_with_another_id(member, capsys):
    """Its coordinator would not have to name the runs of the study that this folder joined."""
    text = (member.folder / "study.toml").read_text(encoding="utf-8")
    member.joins_as_written(text.replace('id = "trial"', 'id = "another"'))
    site_file = member.site_file.read_text(encoding="utf-8")
    member.writes(text=site_file.replace('study = "trial"', 'study = "another"'))
    roster = sign_roster("another", member.coordinator, load_roster(member.folder / "roster.json").members)
    (member.folder / "roster.json").write_bytes(roster)
    assert member.approves(*BOTH) == 1
    said = capsys.readouterr().err
    assert "this folder joined the study trial; the study file is another" in said
    assert "join a second study in a folder of its own" in said


def test_serving_begins_under_an_approval_only(member, capsys):
    assert member.says("serve") == 3
    assert "nobody at this site has approved the study" in capsys.readouterr().err
    member.approves(*BOTH)
    member.exports(member.patients(59))
    assert member.says("serve") == 3
    assert "the data, or how they are read, have changed since the approval" in capsys.readouterr().err


def test_a_ledger_goes_on_under_renewed_keys(member):
    """The earlier key's approval is read as this site's own, and does not hold for the roster with the new key."""
    member.approves(*BOTH)
    folder = SitePaths(member.folder)
    member.identity = make_keys(folder.next_keys)
    member.has_roster()
    files = member.study_folder
    assert files.identity.earlier
    own_ledger(folder, files.identity, "kurume").close()
    ledger = member.ledger()
    consent = LedgerConsent(Approvals(ledger, files.identity), [].append)
    asked = (files.study_hash, files.roster.sha256, files.snapshot, files.methods)
    assert (
        no(lambda: consent.approval(*asked)) == "the roster differs from the approved one: a site or a key has changed"
    )
    assert Approvals(ledger, files.identity).study() == files.study  # what the earlier key sealed opens still
    ledger.close()
    assert member.approves(*BOTH) == 0
    ledger = member.ledger()
    assert LedgerConsent(Approvals(ledger, files.identity), [].append).approval(*asked).by == "M. Uchida"
    assert [entry.kind for entry in ledger.entries()] == ["approved", "renewed", "approved"]
    ledger.close()


def test_a_ledger_of_another_sites_key_is_not_taken_over(member):
    member.approves(*BOTH)
    strange = Identity(new_identity(), member.identity.node, (new_identity(),))
    with pytest.raises(VerificationError, match="cannot be verified"):
        own_ledger(SitePaths(member.folder), strange, "kurume")
