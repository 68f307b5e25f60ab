"""A candidate made by hand, three auditors and a requester, and a desk that is asked as a browser asks it; and a small
study with every kind of analysis, as it was computed and as it may be published."""

import re
from dataclasses import dataclass, replace
from itertools import count as counter

import pytest
from tests.desk_client import Client
from tests.report.whole_study import whole_results
from tests.server.run.conftest import SITES, Desk

from riskset.audit.trusted import Trusted, load_trusted
from riskset.catalogue import say
from riskset.cli import main
from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import load_identity, new_identity, public_hex
from riskset.study.load import parse_study
from riskset_demo.studies import DEMONSTRATIONS
from riskset_release.ballots import Policy
from riskset_release.candidate import candidate_of
from riskset_release.desk.app import ReviewDesk
from riskset_release.desk.own_desk import OwnDesk
from riskset_release.desk.review import Review
from riskset_release.desk.seats import SigningSeat
from riskset_release.gate.gated import gated
from riskset_release.gate.published import published_files
from riskset_release.outputs import Candidate, Output, Verdict
from riskset_release.vetoes import Veto
from riskset_release.vote_folder import keep_vote
from riskset_release.votes import Judgement, vote_on
from riskset_report import Recorded, report_of
from riskset_report.curves import curves_csv
from riskset_report.numbers import numbers_csv
from riskset_report.printed import printer_of
from riskset_site.data.cohort import load_cohort

PORT = 8765
REASON = "The last row singles out a hospital."
TABLE = """<div class="scroll"><table class="whole"><caption><strong>Table 1.</strong> Patients</caption>
<thead><tr><td></td><th scope="col">All</th></tr></thead>
<tbody><tr class="inner"><th scope="row">Men &amp; women</th><td><span>212</span></td></tr></tbody></table></div>"""
DRAWING = '<svg aria-label="Two curves" viewBox="0 0 9 9"><path d="M0 0L9 9" style="stroke: red"/></svg>'


def an_output(id_, html=TABLE, **changes):
    kind = changes.pop("kind", "table")
    content = changes.pop("content", b"a,b\n")
    return Output(id_, kind, f"Title of {id_}", "How long do patients live?", html, {f"{id_}.csv": content}, **changes)


def a_candidate():
    return Candidate(
        run="0f9a3c5e7b1d2468",
        study="trial 1",
        title="A trial",
        study_sha256="1" * 64,
        bundle_sha256="2" * 64,
        outputs=(
            an_output("km-os", verdicts=(Verdict("small cells", say("audit.file.missing"), passes=False),)),
            an_output("curve-os", f"<figure>{DRAWING}<figcaption>Curves</figcaption></figure>", kind="figure"),
            an_output(
                "cox-os",
                verdicts=(Verdict("exact", say("audit.file.missing"), passes=False, needs_exception=True),),
                told=(say("release.desk.told_nothing"),),
            ),
        ),
    )


class Committee:
    """Auditors by short name; `park` requested the analysis. Their clocks go on by a second for each vote."""

    def __init__(self):
        names, parties = ("sato", "kim", "ito", "park"), ("coordinator", "kurume", "asan")
        self.keys = {name: new_identity() for name in (*names, *parties, "stranger")}
        words = {name: fingerprint_words(key.public_key()) for name, key in self.keys.items()}
        self.trusted = Trusted({name: words[name] for name in parties}, {name: words[name] for name in names})
        self.policy = Policy(2, frozenset({"park"}))
        self.candidate = a_candidate()
        self._seconds = counter()

    def now(self):
        minutes, seconds = divmod(next(self._seconds), 60)
        return f"2026-06-30T09:{minutes:02d}:{seconds:02d}.000+00:00"

    def output(self, id_):
        return self.candidate.output(id_)

    def vote(self, who, id_="km-os", decision="accept", replaces="", **changes):
        """Returns a signed file and its vote; `changes` are fields that the signer sets otherwise."""
        words = {} if decision == "accept" else {"category": "disclosure", "reason": REASON}
        judgement = Judgement(decision, f"Dr. {who.title()}", **words)
        vote = vote_on(self.candidate, self.output(id_), judgement, self.keys[who], self.now(), replaces)
        vote = replace(vote, **changes)
        return vote.signed(self.keys[who]), vote

    def votes(self, folder, who, *arguments, **options):
        """The same, put into the folder."""
        data, vote = self.vote(who, *arguments, **options)
        keep_vote(folder, vote, data)
        return vote

    def veto(self, site, output="km-os", key=None, **changes):
        """Returns the signed file of a hospital's veto, and the veto."""
        by = self.keys[key or site]
        candidate = self.candidate
        veto = Veto(candidate.study_sha256, candidate.run, output, site, REASON, self.now(), public_hex(by))
        veto = replace(veto, **changes)
        return veto.signed(by), veto

    def vetoes(self, folder, site, *arguments, **options):
        """The same, put into the folder."""
        data, veto = self.veto(site, *arguments, **options)
        keep_vote(folder, veto, data)
        return veto


@pytest.fixture
def committee():
    return Committee()


@dataclass
class Browser:
    """A browser at one auditor's desk."""

    app: ReviewDesk
    client: Client

    @property
    def base(self):
        return f"/{self.app.path}"

    def opens(self):
        """Comes in by the address that the command prints."""
        assert self.client.get(f"{self.base}/start/{self.app.sessions.secret}").status_code == 200
        return self.opens_again()

    def opens_again(self):
        """Sends the form of the first page."""
        return self.client.post(f"{self.base}/start", data={"secret": self.app.sessions.secret})

    def gets(self, path):
        return self.client.get(f"{self.base}{path}")

    def form(self, id_):
        """The hidden fields of the form of an output, as the page has them."""
        page = self.gets(f"/outputs/{id_}").text
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))

    def votes(self, id_="km-os", decision="accept", **changes):
        """Fills the form in and sends it."""
        typed = {"decision": decision, "name": "Dr. Sato", "statement": "yes", "category": "", "reason": ""}
        if decision != "accept":
            typed |= {"category": "disclosure", "reason": REASON}
        return self.sends(id_, {**self.form(id_), **typed, **changes})

    def sends(self, id_, fields, **options):
        return self.client.post(f"{self.base}/outputs/{id_}", data=fields, follow_redirects=False, **options)

    def uploads(self, data, **fields):
        page = self.gets("/").text
        csrf = re.search(r'name="csrf" value="([^"]*)"', page)[1]
        return self.client.post(
            f"{self.base}/votes",
            data={"csrf": csrf, **fields},
            files={"file": ("a.vote.json", data)},
            follow_redirects=False,
        )


@pytest.fixture
def desk(committee, tmp_path):
    """Returns a function that opens the desk of an auditor, on a folder of votes that all share."""

    def at(who="sato", opened=True, **changes):
        review = Review(
            changes.pop("candidate", committee.candidate),
            committee.trusted,
            changes.pop("policy", committee.policy),
            tmp_path / "votes",
        )
        app = OwnDesk(SigningSeat.of(review, who, committee.keys[who], changes.pop("now", committee.now)), PORT)
        address = changes.pop("address", f"http://127.0.0.1:{PORT}")
        browser = Browser(app, Client(app.asgi(), address))
        if opened:
            assert browser.opens().status_code == 200
        return browser

    return at


RECORDED = Recorded(roster="0" * 64, began_at="2026-01-01T00:00:00+00:00", ended_at="2026-01-02T00:00:00+00:00")


@pytest.fixture(scope="session")
def whole():
    """Of 70 patients: most tables have small cells."""
    return whole_results(70)


@pytest.fixture(scope="session")
def gate(whole):
    return gated(whole)


@pytest.fixture(scope="session")
def published(gate):
    return published_files(gate, RECORDED)


@pytest.fixture(scope="session")
def lung_results(tmp_path_factory):
    """Of real patients, at 8 hospitals."""
    demonstration, root = DEMONSTRATIONS["lung"], tmp_path_factory.mktemp("lung")
    study = parse_study(demonstration.study.decode())
    for site, files in demonstration.folders().items():
        (root / site).mkdir()
        for name, content in files.items():
            (root / site / name).write_bytes(content)
    cohorts = {site: load_cohort(root / site / "site.toml", study) for site in study.sites}
    outcome = Rehearsal(study, cohorts, exceptions=demonstration.exceptions).run()
    return results_of(study, outcome, sorted(cohorts))


@pytest.fixture(scope="session")
def lung(lung_results):
    return gated(lung_results)


@pytest.fixture(scope="session")
def lists_of():
    """The lists of a report, which have every number of it."""

    def lists(report):
        return {"numbers.csv": numbers_csv(report.cells), "curves.csv": curves_csv(report, printer_of(report))}

    return lists


@pytest.fixture(scope="session")
def unpublished(whole, lists_of):
    return lists_of(report_of(whole))


@pytest.fixture(scope="session")
def of_a_run(tmp_path_factory, patients):
    """The bundle of a run, and the fingerprints of its parties as a file has them."""
    desk = Desk(tmp_path_factory.mktemp("a run"), patients)
    results = desk.finishes(desk.begins())
    file = tmp_path_factory.mktemp("bundle") / "run.zip"
    assert desk.says("bundle", results.name, "--file", file) == 0
    roster = desk.rehearsal.roster
    keys = {"coordinator": roster.coordinator, **{site: roster.sites[site] for site in SITES}}
    return file, "".join(f'{party} = "{fingerprint_words(key)}"\n' for party, key in keys.items())


class Auditor:
    """A folder with a bundle, a key and fingerprints, and what is typed in it."""

    def __init__(self, folder, bundle, parties):
        self.folder, self.bundle = folder, bundle
        self.votes, self.key, self.trusted = folder / "votes", folder / "sato.pem", folder / "trusted.toml"
        for name in ("sato", "kim"):
            assert main(["audit", "key", name, "--out", str(folder / f"{name}.pem")]) == 0
        words = {name: self.words(name) for name in ("sato", "kim")}
        lines = [f'{name} = "{of}"' for name, of in words.items()]
        self.trusted.write_text("\n".join([parties, "[auditors]", *lines]))
        self.outputs = candidate_of(bundle.read_bytes(), load_trusted(self.trusted)).outputs

    def words(self, name):
        return fingerprint_words(load_identity(self.folder / f"{name}.pem").public_key())

    def options(self, **changes):
        given = {"keys": self.trusted, "votes": self.votes, "as": "sato", "key": self.key, **changes}
        return [word for name, value in given.items() for word in (f"--{name}", str(value))]

    def signs(self, output, decision="reject", **changes):
        said = {"name": "K. Sato", "category": "other", "reason": REASON, **changes}
        return main(["audit", "sign", str(self.bundle), output, decision, *self.options(**said)])

    def reviews(self, **changes):
        return main(["audit", "review", str(self.bundle), *self.options(**changes)])


@pytest.fixture
def auditor(tmp_path, of_a_run, capsys):
    made = Auditor(tmp_path, *of_a_run)
    capsys.readouterr()
    return made
