"""An approval is one person's signature under one study, one roster, one state of the data and one version; what is in
force follows from the ledger's entries."""

import json
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.errors import DataError, Refused, VerificationError
from riskset.protocol.approval import Approval, ExceptionSigned, commitment, read_approval, sign_approval
from riskset.protocol.consent import ConsentState, consent_after
from riskset.secure.keys import new_identity, public_from_hex

RECORDED = Path(__file__).parents[2] / "recorded" / "0.1.0" / "sites" / "north"
KEY = new_identity()
SIGNED_AT = "2024-05-31T09:30:00.000+00:00"
LAST_DAY = date(2025, 5, 31)
METHODS = {"km": "riskset 0.1.0", "cox": "riskset 0.1.0", "gehan": "riskset-gehan 1.2"}
ASKED = {
    "study": "s" * 64,
    "roster": "r" * 64,
    "snapshot": "d" * 64,
    "methods": {"km": "riskset 0.1.0", "gehan": "riskset-gehan 1.2"},
    "code": "0.1.0",
    "today": LAST_DAY,
}


def make(**changed):
    approval = Approval(
        site="kurume",
        study=ASKED["study"],
        roster=ASKED["roster"],
        policy={"R1.population_rows": "100", "R4.leverage": "1/3"},
        exceptions=(ExceptionSigned("R4.leverage", "1/3", "42 patients, one adult with a rare aetiology"),),
        snapshot=commitment(ASKED["snapshot"], SIGNED_AT),
        code=ASKED["code"],
        by="内田 恵",
        irb="2024-117",
        until=LAST_DAY,
        signed_at=SIGNED_AT,
        compared=("asan",),
        methods=METHODS,
    )
    return replace(approval, **changed)


@dataclass(frozen=True)
class Act:
    kind: str
    public: dict = field(default_factory=dict)
    at: str = SIGNED_AT


def approved(**changed):
    return Act("approved", sign_approval(make(**changed), KEY))


PAUSED = Act("paused", {"by": "Uchida", "reason": "a new export comes"})
REJOINED = Act("rejoined", {"by": "Uchida", "reason": "the board agreed"})
RESUMED, WITHDREW = Act("resumed", {"by": "Uchida"}), Act("withdrew", {"by": "Uchida", "reason": "the board said so"})


def after(*acts):
    return consent_after(acts, [new_identity().public_key(), KEY.public_key()])


def no(standing_, code_="approval", **changed):
    with pytest.raises(Refused) as refused:
        standing_.in_force(**ASKED | changed)
    assert refused.value.code == code_
    assert refused.value.hint
    return str(refused.value)


def test_what_was_signed_is_read_again():
    assert read_approval(sign_approval(make(), KEY), KEY.public_key()) == make()


def test_that_own_estimates_may_be_told_is_signed_only_if_it_is_so():
    assert "may_be_told_alone" not in make().content
    told = make(may_be_told_alone=True)
    assert read_approval(sign_approval(told, KEY), KEY.public_key()) == told
    document = sign_approval(make(), KEY)
    document["approval"] |= {"may_be_told_alone": True}
    with pytest.raises(VerificationError, match="changed"):
        read_approval(document, KEY.public_key())


def test_an_approval_is_in_force_to_the_end_of_its_last_day():
    assert after(approved()).in_force(**ASKED) == make()
    assert no(after(approved()), today=LAST_DAY + timedelta(days=1)) == "the approval expired on 2025-05-31"


CHANGED = {
    "site": "asan",
    "study": "S" * 64,
    "roster": "R" * 64,
    "policy": {"R4.leverage": "1/2"},
    "exceptions": [],
    "snapshot": "D" * 64,
    "code": "0.2.0",
    "by": "somebody else",
    "irb": "2024-118",
    "until": "2035-05-31",
    "signed_at": "2024-06-01T09:30:00.000+00:00",
    "compared": ["asan", "invented"],
    "may_be_subtracted": True,
    "methods": {"km": "riskset 0.1.0"},
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_field_is_noticed(name):
    document = sign_approval(make(), KEY)
    document["approval"] = document["approval"] | {name: CHANGED[name]}
    with pytest.raises(VerificationError, match=r"changed, or signed with a different key"):
        read_approval(document, KEY.public_key())


def test_every_field_can_be_changed_in_the_test_above():
    assert set(CHANGED) | {"schema"} == set(make().content)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"approval": None, "signature": ""},
        {"approval": {}, "signature": ""},
        {"approval": {**make().content, "more": "1"}, "signature": ""},
        {"approval": {**make().content, "schema": 1}, "signature": ""},
        {"approval": {**make().content, "schema": 3}, "signature": ""},
        {"approval": {**make(methods=None).content, "schema": 2}, "signature": ""},
        {"approval": {**make().content, "methods": {"km": 1}}, "signature": ""},
        {"approval": {**make().content, "methods": ["km"]}, "signature": ""},
        {"approval": {**make().content, "by": 7}, "signature": ""},
        {"approval": {**make().content, "may_be_subtracted": 1}, "signature": ""},
        {"approval": {**make().content, "may_be_told_alone": False}, "signature": ""},
        {"approval": {**make().content, "may_be_told_alone": 1}, "signature": ""},
        {"approval": {**make().content, "compared": "asan"}, "signature": ""},
        {"approval": {**make().content, "until": "tomorrow"}, "signature": ""},
        {"approval": make().content, "signature": "no hex"},
    ],
)
def test_what_is_not_an_approval_is_reported_apart_from_what_was_changed(wrong):
    with pytest.raises(DataError, match="not an approval"):
        read_approval(wrong, KEY.public_key())


def test_another_sites_approval_does_not_hold_here():
    with pytest.raises(VerificationError):
        read_approval(sign_approval(make(), new_identity()), KEY.public_key())


def test_the_ledger_of_another_key_is_not_taken_for_an_approval():
    with pytest.raises(VerificationError):
        after(Act("approved", sign_approval(make(), new_identity())))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"study": "x"}, "the study differs from the approved one"),
        ({"roster": "x"}, "the roster differs from the approved one: a site or a key has changed"),
        ({"snapshot": "x"}, "the data, or how they are read, have changed since the approval"),
        ({"code": "0.2.0"}, "riskset 0.1.0 was approved; this is riskset 0.2.0"),
        (
            {"methods": {"gehan": "riskset-gehan 1.3"}},
            "the method gehan was approved as provided by riskset-gehan 1.2; riskset-gehan 1.3 provides it now",
        ),
        ({"methods": {"peto": "peto 1.0"}}, "the method peto was not approved; peto 1.0 provides it now"),
        (
            {"methods": {"km": ""}},
            "the method km was approved as provided by riskset 0.1.0; no package provides it now",
        ),
    ],
)
def test_an_approval_of_something_else_is_refused(changed, told):
    assert no(after(approved()), **changed) == told


class TestAnApprovalOf010:
    """It names no methods: riskset's own were all that there were."""

    DOCUMENT = json.loads((RECORDED / "north.approval.json").read_text(encoding="utf-8"))
    ROSTER = json.loads((RECORDED / "roster.json").read_text(encoding="utf-8"))["roster"]
    KEY = public_from_hex(ROSTER["sites"]["north"]["identity"])

    def test_it_is_read_and_has_the_hash_it_had(self):
        approval = read_approval(self.DOCUMENT, self.KEY)
        assert approval.methods is None
        assert approval.content == self.DOCUMENT["approval"]
        assert approval.sha256 == self.DOCUMENT["sha256"]

    def test_it_covers_the_methods_of_its_version(self):
        approval = read_approval(self.DOCUMENT, self.KEY)
        asked = approval.study, approval.roster, ASKED["snapshot"]
        approval = replace(approval, snapshot=commitment(ASKED["snapshot"], approval.signed_at))
        standing_ = ConsentState(approval)
        for kind in ("km", "cox"):
            assert standing_.in_force(*asked, {kind: "riskset 0.1.0"}, "0.1.0", LAST_DAY) == approval
        for methods in ({"km": "riskset 0.1.1"}, {"cox": "other 0.1.0"}, {"gehan": "riskset 0.1.0"}):
            with pytest.raises(Refused, match="the method"):
                standing_.in_force(*asked, methods, "0.1.0", LAST_DAY)


def test_without_an_approval_nothing_is_answered():
    assert no(ConsentState()) == no(after()) == "nobody at this site has approved the study"


def test_a_pause_holds_until_it_is_lifted_also_over_a_new_approval():
    told = "this site was paused on 2024-05-31 by Uchida: a new export comes"
    assert no(after(approved(), PAUSED)) == told
    assert no(after(approved(), PAUSED, approved(irb="2"))) == told
    assert after(approved(), PAUSED, RESUMED).in_force(**ASKED) == make()


def test_a_withdrawal_is_not_undone_by_an_approval_but_by_a_decision_and_then_an_approval():
    told = "this site was withdrawn from the study on 2024-05-31 by Uchida: the board said so"
    for acts in ((), (RESUMED,), (approved(),), (approved(study="another"),), (PAUSED, RESUMED, approved())):
        assert no(after(approved(), WITHDREW, *acts), code_="withdrawn") == told
    assert no(after(approved(), WITHDREW, REJOINED)) == "nobody at this site has approved the study"
    assert no(after(approved(), WITHDREW, approved(), REJOINED)) == "nobody at this site has approved the study"
    assert after(approved(), WITHDREW, REJOINED, approved()).in_force(**ASKED) == make()
    assert no(after(approved(), WITHDREW, REJOINED, approved(), WITHDREW, approved()), code_="withdrawn") == told


def test_a_pause_outlives_a_withdrawal_too():
    told = "this site was paused on 2024-05-31 by Uchida: a new export comes"
    assert no(after(approved(), PAUSED, WITHDREW, REJOINED, approved())) == told


def test_the_last_approval_replaces_those_before():
    both = after(approved(), approved(study="another"))
    assert no(both) == "the study differs from the approved one"
    assert both.in_force(**ASKED | {"study": "another"}).study == "another"


def test_entries_of_other_kinds_decide_nothing():
    assert after(Act("contributed"), approved(), Act("closed")).in_force(**ASKED) == make()


def test_two_approvals_of_the_same_data_do_not_tell_so():
    assert commitment(ASKED["snapshot"], SIGNED_AT) != commitment(ASKED["snapshot"], "2024-06-01T00:00:00.000+00:00")


def test_the_keyed_hash_of_the_data_is_nowhere_in_the_document():
    assert ASKED["snapshot"] not in str(sign_approval(make(), KEY))


@given(st.lists(st.sampled_from([approved(), PAUSED, RESUMED, WITHDREW, REJOINED]), max_size=8))
def test_what_is_in_force_was_approved_and_neither_paused_nor_withdrawn_since(acts):
    kinds = [act.kind for act in acts]
    since_withdrawal = (
        kinds[len(kinds) - kinds[::-1].index("withdrew") :] if "withdrew" in kinds else ["rejoined", *kinds]
    )
    is_back = "rejoined" in since_withdrawal
    since = since_withdrawal[since_withdrawal.index("rejoined") :] if is_back else []
    pauses = [kind for kind in kinds if kind in ("paused", "resumed")]
    if "approved" in since and pauses[-1:] != ["paused"]:
        assert after(*acts).in_force(**ASKED) == make()
    else:
        no(after(*acts), code_="approval" if is_back else "withdrawn")
