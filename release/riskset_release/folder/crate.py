"""The release as an RO-Crate 1.2 (https://w3id.org/ro/crate/1.2): its files, people, hospitals, run and checks.

It is a Process Run Crate, and names what was checked by terms of the Five Safes profile (Safe Haven Provenance,
https://w3id.org/shp#). It does not claim that profile: a Five Safes crate has a workflow in a crate of its own, and a
bag with manifests. In English, for programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from riskset.audit.proof import FILE as PROOF
from riskset.catalogue import say
from riskset.secure.envelope import sha256
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex
from riskset_release.folder.crate_actions import actions_of, entities_of_terms, id_of_auditor, id_of_hospital
from riskset_release.folder.deciders import auditors_of
from riskset_release.folder.released import Released, ReleasedOutput

FILE: Final = "ro-crate-metadata.json"
_SPEC, _RUN_CRATE = "https://w3id.org/ro/crate/1.2", "https://w3id.org/ro/wfrun/process/0.5"
_FORMATS: Final[Mapping[str, str]] = {
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
}
"""By the ending of a file."""


def crate_file(released: Released, pages: Mapping[str, bytes]) -> bytes:
    """Returns ro-crate-metadata.json; `pages` are the other pages of the release, by path."""
    graph = [_descriptor(), _root(released, pages), *_files(released, pages), *_context(released)]
    content = {"@context": f"{_SPEC}/context", "@graph": [*graph, *actions_of(released)]}
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _descriptor() -> dict[str, Any]:
    return {
        "@id": FILE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": _SPEC},
    }


def _root(released: Released, pages: Mapping[str, bytes]) -> dict[str, Any]:
    origin = released.described.origin
    paths = [*(path for one in released.outputs for path in one.files), *pages, PROOF]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": str(say("release.crate.name", title=origin.title_in("en"))),
        "description": str(say("release.crate.description", run=released.run, n=len(released.outputs))),
        "datePublished": released.described.at,
        "license": {"@id": "#license"},
        "conformsTo": {"@id": _RUN_CRATE},
        "identifier": {"@id": "#identifier"},
        "hasPart": [{"@id": path} for path in paths],
        "mentions": [{"@id": one["@id"]} for one in actions_of(released)],
        "sourceOrganization": {"@id": "#project"},
    }


def _files(released: Released, pages: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    for output in released.outputs:
        for path, content in output.files.items():
            about = {"name": output.title, "description": str(say("release.crate.file", output=output.id))}
            yield {**_file(path, content), **about, **_withdrawn(output)}
    for path, content in pages.items():
        yield {**_file(path, content), "name": path, "description": str(say("release.crate.page"))}
    # its hash is in no file: it lists this one's
    proof = str(say("release.crate.proof"))
    yield {"@id": PROOF, "@type": "File", "name": PROOF, "encodingFormat": "application/json", "description": proof}


def _file(path: str, content: bytes) -> dict[str, Any]:
    return {
        "@id": path,
        "@type": "File",
        "encodingFormat": _FORMATS.get(path.rpartition(".")[2], "application/octet-stream"),
        "contentSize": str(len(content)),
        "sha256": sha256(content),
    }


def _withdrawn(output: ReleasedOutput) -> dict[str, str]:
    return {"creativeWorkStatus": "Withdrawn"} if output.is_withdrawn else {"creativeWorkStatus": "Published"}


def _context(released: Released) -> Iterator[dict[str, Any]]:
    """Yields what is no file: profile, licence, program, study, hospitals and auditors."""
    described, origin = released.described, released.described.origin
    hospitals = [{"@id": id_of_hospital(site)} for site in released.hospitals]
    yield {"@id": _RUN_CRATE, "@type": ["CreativeWork", "Profile"], "name": "Process Run Crate", "version": "0.5"}
    licence = say("release.crate.license")
    yield {"@id": "#license", "@type": "CreativeWork", "name": str(licence), "description": str(licence)}
    yield {"@id": "#identifier", "@type": "PropertyValue", "name": "riskset run", "value": released.run}
    yield _program(described.program, origin.programs)
    yield {
        "@id": "#study",
        "@type": "CreativeWork",
        "name": origin.title_in("en"),
        "version": origin.version,
        "identifier": f"sha256:{released.study_sha256}",
        "description": str(say("release.crate.study")),
    }
    yield {"@id": "#project", "@type": "Project", "name": f"{origin.study} {origin.version}", "member": hospitals}
    for site, hospital in released.hospitals.items():
        of = {"@id": id_of_hospital(site), "@type": "Organization", "name": hospital.name, "identifier": site}
        yield of if hospital.country is None else {**of, "location": {"@id": f"#country-{hospital.country}"}}
    for country in sorted({one.country for one in released.hospitals.values() if one.country}):
        yield {"@id": f"#country-{country}", "@type": "Country", "name": country}
    for key, name in _people(released).items():
        words = str(say("release.crate.words", words=fingerprint_words(public_from_hex(key))))
        yield {"@id": id_of_auditor(key), "@type": "Person", "name": name, "description": words}
    yield from entities_of_terms()


def _people(released: Released) -> dict[str, str]:
    """Returns the names of all auditors by key: of those who accepted, and of others who withdrew."""
    withdrawn = [one for output in released.outputs for one in output.withdrawals if not one.site]
    people = {one.key: one.name for one in withdrawn}
    return {**people, **{one.key: one.name for one in auditors_of(released)}}


def _program(version: str, at_hospitals: Sequence[str]) -> dict[str, Any]:
    return {
        "@id": "#riskset",
        "@type": "SoftwareApplication",
        "name": "riskset",
        "version": version,
        "description": str(say("release.crate.program", versions=tuple(at_hospitals))),
        "provider": {"@id": "#project"},
    }
