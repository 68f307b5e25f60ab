"""What lies beside the outputs of a release: it names everything that leaves, everybody and every country; it shows no
number of its own; and it is covered by the proof or said not to be."""

import copy
import json
import re
from dataclasses import replace

import pytest
from tests.release.folder.conftest import AT, CSV, FIGURE, TABLE

from riskset.audit.proof import FILE as PROOF
from riskset.audit.proof import check_proof
from riskset.catalogue import catalogue, languages
from riskset.disclosure.rules import RULES
from riskset.errors import DataError
from riskset.secure.envelope import sha256
from riskset_release.folder.described import recipients_of
from riskset_release.folder.pages import PAGES, pages_of
from riskset_release.folder.statement import statement_page

STATEMENTS = [f"transfer-statement.{language}.html" for language in languages()]
LOADS = re.compile(r"<(script|link|iframe|object|embed|base|form)\b|@import|url\(|https?:|\bon\w+=")


def texts(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("</style>")[2]).split())


def described(release, change):
    """The release after somebody changed what is described, which is not signed."""
    proof = copy.deepcopy(release.proof)
    change(proof["described"])
    return release.of(proof)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_loads_nothing_from_elsewhere(release, page):
    if page.endswith(".html"):
        assert not LOADS.search(release.files[page].decode().replace("http://www.w3.org/2000/svg", ""))


@pytest.mark.parametrize("language", languages())
class TestTheStatement:
    @pytest.fixture
    def text(self, release, language):
        return texts(release.files[f"transfer-statement.{language}.html"].decode())

    def test_names_each_output_with_its_hash_and_kind(self, release, text, language):
        for output in release.of().outputs:
            assert output.id in text
            assert output.sha256 in text
        assert catalogue(language)["release.kind.table"] in text

    def test_names_recipients_hospitals_and_every_country(self, text, language):
        assert "A journal" in text
        for word in ("GB", "KR", "JP", "Asan", "Kurume", "Osaka"):
            assert word in text
        assert catalogue(language)["release.statement.from.not_given"] in text

    def test_names_each_rule_and_who_decided_with_their_keys(self, release, text, language):
        for rule in RULES:
            assert catalogue(language)[f"methods.rules.name.{rule}"] in text
        for who in ("sato", "kim"):
            assert f"Dr. {who.title()}" in text
            assert release.committee.trusted.auditors[who] in text

    def test_says_that_a_lawyer_must_read_it(self, text, language):
        assert " ".join(catalogue(language)["release.statement.notice"].split()) in text
        assert catalogue(language)["dossier.law.read"] in text


def test_a_statement_cannot_leave_a_hospital_or_its_country_out(release):
    with pytest.raises(DataError, match="each hospital that took part"):
        described(release, lambda said: said["origin"]["hospitals"].pop("asan"))
    with pytest.raises(DataError, match="does not describe"):
        described(release, lambda said: said["origin"]["hospitals"]["asan"].pop("country"))
    with pytest.raises(DataError, match="each output"):
        described(release, lambda said: said["outputs"].pop(TABLE))
    without = described(release, lambda said: said["origin"]["hospitals"]["asan"].update(country=None))
    assert "Country of Asan" in statement_page(without, "en")


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(language="xx"),
        lambda said: said.update(countries=["Korea"]),
        lambda said: said.update(to=["A\njournal"]),
        lambda said: said.update(more=1),
        lambda said: said["origin"]["rules"].update(min_cell="5"),
        lambda said: said["outputs"][TABLE].update(kind="row"),
    ],
)
def test_what_riskset_would_not_describe_is_refused(release, change):
    with pytest.raises(DataError, match="does not describe"):
        described(release, change)


def test_an_unknown_limit_of_a_rule_is_refused(release):
    other = described(release, lambda said: said["origin"]["rules"]["limits"].update({"R99.new": "1"}))
    with pytest.raises(DataError, match=r"R99\.new"):
        pages_of(other)


def test_without_recipients_it_is_for_the_public(release):
    public = described(release, lambda said: said.update(to=[], countries=[]))
    assert "anyone, in any country" in statement_page(public, "en")
    assert recipients_of((), ()).to == ()


@pytest.mark.parametrize(
    ("to", "countries", "said"),
    [
        (["A journal"], [], "no --country says where"),
        ([], ["KR"], "no --to names a recipient"),
        (["A journal"], ["Korea"], "two capital letters"),
        ([" "], ["KR"], "two capital letters"),
        (["A\u202ejournal"], ["KR"], "two capital letters"),
    ],
)
def test_recipients_without_a_country_or_a_name_are_refused(to, countries, said):
    with pytest.raises(DataError, match=said):
        recipients_of(to, countries)


def test_what_a_person_typed_is_no_markup(release):
    markup = "<script>alert(1)</script>&\"'{{ 1 }}"
    other = described(release, lambda said: said.update(to=[markup]))
    for page, content in pages_of(other).items():
        if page.endswith(".html"):
            assert b"<script" not in content


def test_the_index_shows_the_released_bytes_in_reading_order(release):
    index = release.files["index.html"].decode()
    assert index.index(f'<article id="{FIGURE}"') < index.index(f'<article id="{TABLE}"')
    table = release.files["tables/km-os-all.html"].decode()
    cells = re.findall(r"<td[^>]*>(.*?)</td>", table, re.DOTALL)
    assert cells
    assert all(texts(f"</style>{cell}") in texts(index) for cell in cells)
    assert '<img src="figures/km-os-all.svg"' in index
    for path in (CSV, "release-note.html", PROOF, *STATEMENTS):
        assert f'href="{path}"' in index


def test_the_index_shows_no_markup_that_is_on_no_list(release):
    files = dict(release.files)
    proof = copy.deepcopy(release.proof)
    page = files["tables/km-os-all.html"].replace(b"<tbody>", b"<tbody onclick='x'><script>alert(1)</script>")
    files["tables/km-os-all.html"] = page
    released = release.of()
    output = released.output(TABLE)
    hostile = replace(output, files={**output.files, "tables/km-os-all.html": page})
    pages = pages_of(replace(released, outputs=(hostile,)))
    assert b"alert" not in pages["index.html"]
    assert b"Open its files" in pages["index.html"]
    with pytest.raises(DataError, match="not as it was released"):
        replace(release, files=files).of(proof)


@pytest.mark.parametrize("page", PAGES)
def test_the_proof_lists_each_page_and_says_that_nobody_signed_it(release, page):
    proven = check_proof(release.files[PROOF], page, release.files[page], None)
    assert (proven.checks.failures, proven.is_signed, proven.holds) == ([], False, False)
    assert "nobody signed it" in proven.verdict(page)
    (failure,) = check_proof(release.files[PROOF], page, release.files[page] + b" ", None).checks.failures
    assert "it was changed since" in str(failure.told)


def test_a_file_of_an_output_is_no_page_whatever_the_proof_lists(release):
    """Else whoever changes a file and lists it as a page would get the milder sentence."""
    proof = release.proof
    proof["pages"].append({"path": CSV, "sha256": sha256(b"other")})
    data = json.dumps(proof, ensure_ascii=False).encode()
    assert check_proof(data, CSV, release.files[CSV], None).holds
    assert check_proof(data, CSV, b"other", None).checks.failures


def test_the_same_release_gives_the_same_bytes(release):
    assert pages_of(release.of()) == {page: release.files[page] for page in PAGES}
    assert release.of().described.at == AT
