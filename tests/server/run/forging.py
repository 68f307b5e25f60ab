"""What a coordinator who has its own key can make of the bundle of its run."""

import json

from riskset.audit.archive import pack, unpack
from riskset.audit.bundle import MANIFEST, manifest
from riskset.ledger.checkpoint import Checkpoint, sign_checkpoint
from riskset.ledger.entry import Entry, read_line
from riskset.ledger.merkle import Tree
from riskset.ledger.trusted_log import write_log
from riskset.protocol.witnessing import LOG
from riskset.secure.envelope import sha256


def without_end(bundle):
    """The files of a bundle in which sites cosign the end, each to be taken away."""
    files = unpack(bundle)
    paths = sorted(path for path in files if path.startswith("messages/"))
    last = max(path.split("-")[0] for path in paths if "-coordinator." in path)
    return dict.fromkeys([*(path for path in paths if path.split("-")[0] > last), "checkpoints/end.txt"])


class Forger:
    def __init__(self, bundle, key):
        self.files, self.key, self._end = unpack(bundle), key, without_end(bundle)
        self.run = json.loads(self.files[MANIFEST])["bundle"]["run"]

    def signed(self, **changes):
        """The bundle with some files changed, or taken away for None."""
        files = {**self.files, **changes}
        files = {path: content for path, content in files.items() if content is not None and path != MANIFEST}
        return pack({**files, MANIFEST: manifest(self.run, files, self.key)})

    def log(self, change):
        """The file of the log with other entries, which `change` makes of a list of them."""
        *lines, _ = self.files["coordinator.log"].decode().splitlines()
        entries = [
            Entry(number, entry.at, entry.kind, entry.public, entry.private)
            for number, entry in enumerate(change([read_line(line) for line in lines]))
        ]
        tree = Tree(entry.leaf for entry in entries)
        return write_log(entries, sign_checkpoint(Checkpoint(LOG, tree.size, tree.root()), self.key)).encode()

    def with_results(self, *, is_listed=True, **changes):
        """The bundle as if the results had been others when the run ended: the log has their hashes, and, but for
        `is_listed` False, provenance.json too. Paths are those in the folder of the run; None takes a file away. No
        site has cosigned the end, since they cosigned another one."""
        before = {path.removeprefix("results/"): path for path in self.files if path.startswith("results/")}
        results = {name: self.files[path] for name, path in before.items()} | changes
        results = {name: content for name, content in results.items() if content is not None}
        if is_listed and "provenance.json" not in changes:
            said = json.loads(results["provenance.json"])
            said["files"] = {name: sha256(results[name]) for name in results if name != "provenance.json"}
            results["provenance.json"] = json.dumps(said).encode()
        hashes = {name: sha256(content) for name, content in results.items()}

        def with_hashes(log):
            *before, ended = log
            return [*before, Entry(ended.number, ended.at, ended.kind, {**ended.public, "files": hashes}, b"")]

        taken = dict.fromkeys(before.values())
        found = {f"results/{name}": content for name, content in results.items()}
        return self.signed(**{**taken, **found, **self._end, "coordinator.log": self.log(with_hashes)})
