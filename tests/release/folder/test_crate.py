"""ro-crate-metadata.json: the MUSTs of RO-Crate 1.2, and terms of the Five Safes profile that say what was done."""

import json
import re

import pytest
from tests.release.folder.conftest import CSV, TABLE

from riskset.audit.proof import FILE as PROOF
from riskset.secure.envelope import sha256
from riskset_release.folder.crate import FILE
from riskset_release.folder.pages import PAGES
from riskset_release.releasing import RECORD

SHP = "https://w3id.org/shp#"


@pytest.fixture
def crate(release):
    return json.loads(release.files[FILE])


@pytest.fixture
def graph(crate):
    found = {one["@id"]: one for one in crate["@graph"]}
    assert len(found) == len(crate["@graph"]), "an entity is described once"
    return found


def referenced(value):
    if isinstance(value, list):
        return {id_ for one in value for id_ in referenced(one)}
    return {value["@id"]} if isinstance(value, dict) else set()


def test_it_is_flat_compacted_and_by_the_context_of_the_version(crate, graph):
    assert crate.keys() == {"@context", "@graph"}
    assert crate["@context"] == "https://w3id.org/ro/crate/1.2/context"
    for entity in graph.values():
        assert isinstance(entity["@id"], str)
        assert entity["@type"]
        for value in entity.values():
            nested = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
            assert all(one.keys() == {"@id"} for one in nested)


def test_the_descriptor_is_about_the_root_which_has_what_it_must(graph):
    descriptor, root = graph[FILE], graph["./"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    assert root["@type"] == "Dataset"
    assert all(root[name] for name in ("name", "description", "datePublished", "license"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*", root["datePublished"])
    assert "Profile" in graph[root["conformsTo"]["@id"]]["@type"]


def test_each_reference_leads_to_an_entity(graph):
    known = {*graph, "https://w3id.org/ro/crate/1.2"}
    for entity in graph.values():
        for name, value in entity.items():
            assert referenced(value) <= known, (entity["@id"], name)


def test_each_file_is_described_and_linked_from_the_root(release, graph):
    parts = referenced(graph["./"]["hasPart"])
    assert parts == set(release.files) - {RECORD, FILE}
    for path in parts - {PROOF}:
        entity, content = graph[path], release.files[path]
        assert entity["@type"] == "File"
        assert (entity["sha256"], entity["contentSize"]) == (sha256(content), str(len(content)))
        assert "/" in entity["encodingFormat"]
    assert "sha256" not in graph[PROOF]  # it has the crate's


def test_the_committees_own_record_is_not_in_it(release):
    assert RECORD.encode() not in release.files[FILE]


def test_the_run_and_each_check_are_actions_with_who_did_them_and_when(graph, release):
    run = graph[f"#run-{release.of().run}"]
    assert run["@type"] == "CreateAction"
    assert graph[run["instrument"]["@id"]]["@type"] == "SoftwareApplication"
    assert CSV in referenced(run["result"])
    assert referenced(run["agent"]) == {"#hospital-asan", "#hospital-kurume", "#hospital-osaka"}
    actions = [one for one in graph.values() if one["@type"] == "AssessAction"]
    terms = [one["additionalType"]["@id"].removeprefix(SHP) for one in actions]
    assert set(terms) == {"SignOff", "CheckValue", "DisclosureCheck"}
    for one in actions:
        assert one["actionStatus"] == "http://schema.org/CompletedActionStatus"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)", one["endTime"])
        assert "./" in referenced(one["object"])
        assert graph[one["agent"]["@id"]]["@type"] in ("Person", "Organization", "SoftwareApplication")
        if graph[one["agent"]["@id"]]["@type"] == "SoftwareApplication":
            assert graph[one["agent"]["@id"]]["provider"]
    assert referenced(graph["./"]["mentions"]) >= {one["@id"] for one in actions}
    by_people = [one for one in actions if graph[one["agent"]["@id"]]["@type"] == "Person"]
    assert len(by_people) == 4  # two auditors on two outputs


def test_hospitals_have_the_countries_that_the_study_names(graph):
    assert graph["#hospital-asan"]["location"] == {"@id": "#country-KR"}
    assert "location" not in graph["#hospital-osaka"]


def test_it_does_not_claim_the_five_safes_profile(release):
    assert b"5s-crate" not in release.files[FILE]


def test_a_withdrawal_is_an_assessment_that_failed(folder):
    assert folder.withdraws(TABLE, who="ito", name="N. Ito") == 0
    graph = {one["@id"]: one for one in json.loads(folder.reads(FILE))["@graph"]}
    (action,) = [one for id_, one in graph.items() if id_.startswith("#withdrawal-")]
    assert action["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert graph[action["agent"]["@id"]]["name"] == "N. Ito"
    assert CSV in referenced(action["object"])
    assert set(PAGES) < {*graph, FILE}
