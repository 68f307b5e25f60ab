"""What a site states when a run opens: its approval and its code, in full, and nothing of a patient."""

import json
import sys
from dataclasses import replace

import pytest
import rfc8785

from riskset.errors import ProtocolError
from riskset.protocol import code
from riskset.protocol.opening import read_opened
from riskset.secure.envelope import verify


def answered(party, site="asan"):
    """A site's honest answer to the opening, and what it states."""
    reply = party.sites[site].answer(party.coordinator.request())
    return reply, json.loads(verify(reply, party.roster.sites).payload)


def test_opened_carries_the_approval_and_the_code(federation):
    party = federation()
    reply, content = answered(party)
    said = read_opened(verify(reply, party.roster.sites).payload)
    assert said.approval.sha256 == content["approval"]["sha256"] == party_begun(party).approval
    assert (said.approval.site, said.approval.roster) == ("asan", party.roster.sha256)
    assert said.code == code.code_here()
    assert {"python", "numpy", "cryptography"} <= set(said.code.versions)
    known = {"approval", "code", "earlier", "key", "may_be_subtracted", "methods", "participants", "parties", "policy"}
    assert set(content) == known | {"log", "opened", "protocol", "ran", "seen", "told", "version"}, (
        "a new field: does it say anything of patients?"
    )


def party_begun(party, site="asan"):
    return party.journals[site].begun(party.run_id)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("approval"),
        lambda said: said["approval"].update(sha256="0" * 64),
        lambda said: said["approval"]["text"].update(by="somebody else"),
        lambda said: said["approval"]["text"].update(more=1),
        lambda said: said.update(approval=[]),
        lambda said: said.pop("code"),
        lambda said: said["code"].update(sha256="ABC"),
        lambda said: said["code"]["versions"].update(numpy="1\x1b[2J"),
        lambda said: said["code"].update(versions={str(i): "1" for i in range(101)}),
    ],
    ids=["none", "hash", "text", "field", "list", "no code", "no hash", "cursor", "many"],
)
def test_an_approval_or_code_that_is_not_stated_in_its_form(federation, change):
    party = federation()
    honest, content = answered(party)
    change(content)
    with pytest.raises(ProtocolError, match=r"does not state its (approval|code)"):
        party.coordinator.accept(party.forge(honest, key=party.keys["asan"], payload=rfc8785.dumps(content)))
    assert party.coordinator.accept(honest) == "asan"


@pytest.mark.parametrize(
    "other", [{"site": "kurume"}, {"study": "0" * 64}, {"roster": "0" * 64}, {"may_be_subtracted": True}], ids=str
)
def test_an_approval_of_something_else(federation, other):
    party = federation()
    honest, content = answered(party)
    approval = replace(read_opened(rfc8785.dumps(content)).approval, **other)
    content["approval"] = {"sha256": approval.sha256, "text": approval.content}
    with pytest.raises(ProtocolError, match="the approval that asan states does not cover its answer"):
        party.coordinator.accept(party.forge(honest, key=party.keys["asan"], payload=rfc8785.dumps(content)))


def test_an_answer_of_protocol_2_is_still_read(federation):
    """Runs that it finished can be derived."""
    _, content = answered(federation())
    for later in ("approval", "code", "parties"):
        del content[later]
    said = read_opened(rfc8785.dumps(content | {"protocol": 2, "ran": [["asan", "kurume"]]}))
    assert (said.approval, said.code, said.ran) == (None, None, (("asan", "kurume"),))


def test_the_code_is_of_every_file_and_of_the_versions(tmp_path, monkeypatch):
    package = tmp_path / "made_up_package"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    rules = package / "rules.toml"
    rules.write_text("limit = 5")
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__("made_up_package")
    monkeypatch.setattr(code, "PACKAGES", ("made_up_package",))
    stated = code.code_here.__wrapped__()
    (package / "__pycache__" / "x.pyc").write_text("x")
    assert code.code_here.__wrapped__() == stated
    rules.write_text("limit = 1")
    assert code.code_here.__wrapped__().sha256 != stated.sha256
    rules.write_text("limit = 5")
    monkeypatch.setattr(code, "_versions", lambda: {"python": "3.11.0"})
    assert code.code_here.__wrapped__().sha256 != stated.sha256
    del sys.modules["made_up_package"]
