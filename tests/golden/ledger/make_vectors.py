"""Makes vectors.json. Imports nothing of riskset: hashes and inclusion proofs are pymerkle's, signatures OpenSSL's.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install pymerkle==7.0.0
    /tmp/venv/bin/python make_vectors.py > vectors.json

pymerkle is GPL-3: a tool of this script, no dependency of anything here. Published numbers are marked by `source`.
"""

import base64
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import pymerkle

CT = "Certificate Transparency's reference vectors, as in transparency-dev/merkle (Apache-2.0), proof/verify_test.go"
GO = "golang.org/x/mod/sumdb/note, note_test.go (BSD-3-Clause)"
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PUBLISHED_CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
PETER_KEY = "1a5cd907143c384c41e830c5bce12aa8817ec5649aaabf2c31388b35b2d744d6"
PETER_SEED = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173"  # published to be used in tests
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
OTHER = "abacaba000000000000000000000000000000000000000000060061e00123456"


def seed(name):
    return hashlib.sha256(f"riskset test vector key {name}".encode()).digest()


def openssl(*words, **files):
    """Returns what openssl prints; `files` are written first and named in the words as {name}."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        paths = {name: str(Path(folder) / name) for name in files}
        command = ["openssl", *(word.format(**paths) for word in words)]
        return subprocess.run(command, check=True, capture_output=True).stdout


def private_der(name):
    return bytes.fromhex("302e020100300506032b657004220420") + seed(name)


def public(name):
    der = openssl("pkey", "-inform", "DER", "-in", "{key}", "-pubout", "-outform", "DER", key=private_der(name))
    return der[-32:]


def signature(name, text):
    words = ("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", "{key}", "-in", "{text}")
    return openssl(*words, key=private_der(name), text=text.encode())


def line(name, type_, value, key=None):
    key_id = hashlib.sha256(name.encode() + b"\n" + type_ + public(key or name)).digest()[:4]
    return f"— {name} {base64.b64encode(key_id + value).decode()}\n"


def log_line(name, text, key=None):
    return line(name, b"\x01", signature(key or name, text), key)


def witness_line(name, text, time, key=None, kind=b"\x04"):
    signed = signature(key or name, f"cosignature/v1\ntime {time}\n{text}")
    return line(name, kind, time.to_bytes(8, "big") + signed, key)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def tree_of(leaves):
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree


def root_of(leaves):
    return tree_of(leaves).get_root() if leaves else hashlib.sha256(b"").digest()


def case(holds, why, **given):
    return {"holds": holds, "why": why, **given}


def roots():
    for size, root in enumerate(ROOTS, 1):
        assert tree_of(bytes.fromhex(leaf) for leaf in LEAVES[:size]).get_root().hex() == root
    yield {"leaves": [], "root": hashlib.sha256(b"").hexdigest(), "source": "RFC 6962, section 2.1"}
    for size, root in enumerate(ROOTS, 1):
        yield {"leaves": LEAVES[:size], "root": root, "source": CT}
    for size in (9, 13, 31, 32, 33, 100):
        leaves = [f"{i:04x}" for i in range(size)]
        yield {"leaves": leaves, "root": root_of([bytes.fromhex(x) for x in leaves]).hex(), "source": "pymerkle 7.0.0"}


def inclusion():
    tree = tree_of(bytes.fromhex(leaf) for leaf in LEAVES)
    for index, size in [(0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (6, 7), (4, 5)]:
        path = tree.prove_inclusion(index + 1, size).serialize()["path"]
        right = {"leaf": path[0], "index": index, "size": size, "proof": path[1:], "root": ROOTS[size - 1]}
        yield case(True, "", **right)
        yield from wrong_inclusion(right)


def wrong_inclusion(right):
    index, size, proof = right["index"], right["size"], right["proof"]
    changes = {
        "the entry before": {"index": index - 1},
        "the entry after": {"index": index + 1},
        "outside the log": {"index": size},
        "no such log": {"size": 0},
        "a longer log": {"size": size * 2 + 1},
        "another leaf": {"leaf": OTHER},
        "a leaf of 31 bytes": {"leaf": OTHER[:-2]},
        "another root": {"root": OTHER},
        "the root of nothing": {"root": hashlib.sha256(b"").hexdigest()},
        "a hash too many at the end": {"proof": [*proof, OTHER]},
        "the root once more": {"proof": [*proof, right["root"]]},
        "a hash too many at the beginning": {"proof": [OTHER, *proof]},
        "an empty hash at the end": {"proof": [*proof, ""]},
    }
    if proof:
        flipped = f"{int(proof[0][:2], 16) ^ 8:02x}{proof[0][2:]}"
        changes["the last hash left out"] = {"proof": proof[:-1]}
        changes["no proof"] = {"proof": []}
        changes["one bit of a hash"] = {"proof": [flipped, *proof[1:]]}
        changes["the leaf's hash given as the proof"] = {"proof": [right["leaf"]] * len(proof)}
    if len(proof) > 1:
        changes["the proof upside down"] = {"proof": proof[::-1]}
    for why, change in changes.items():
        yield case(False, why, **right | change)


def consistency():
    for (old, new), proof in PUBLISHED_CONSISTENCY.items():
        right = {"old": old, "new": new, "old_root": ROOTS[old - 1], "new_root": ROOTS[new - 1], "proof": proof}
        yield case(True, CT, **right)
        yield from wrong_consistency(right)
    nothing = hashlib.sha256(b"").hexdigest()
    yield case(True, "", old=0, new=8, old_root=nothing, new_root=ROOTS[7], proof=[])
    yield case(True, "", old=3, new=3, old_root=ROOTS[2], new_root=ROOTS[2], proof=[])
    yield case(False, "an empty log with a root", old=0, new=8, old_root=OTHER, new_root=ROOTS[7], proof=[])
    yield case(False, "a fork at one size", old=3, new=3, old_root=ROOTS[2], new_root=OTHER, proof=[])
    yield case(False, "a proof of nothing", old=3, new=3, old_root=ROOTS[2], new_root=ROOTS[2], proof=[OTHER])
    yield case(False, "back in time", old=4, new=3, old_root=ROOTS[3], new_root=ROOTS[2], proof=[])


def wrong_consistency(right):
    old, new, proof = right["old"], right["new"], right["proof"]
    flipped = f"{int(proof[-1][:2], 16) ^ 16:02x}{proof[-1][2:]}"
    changes = {
        "rolled back": {"old": new, "new": old, "old_root": right["new_root"], "new_root": right["old_root"]},
        "one entry fewer before": {"old": old - 1},
        "one entry more before": {"old": old + 1},
        "a log of twice the length": {"new": new * 2},
        "a fork: another root before": {"old_root": OTHER},
        "a fork: another root after": {"new_root": OTHER},
        "the roots changed over": {"old_root": right["new_root"], "new_root": right["old_root"]},
        "no proof": {"proof": []},
        "the last hash left out": {"proof": proof[:-1]},
        "the first hash left out": {"proof": proof[1:]},
        "a hash too many at the end": {"proof": [*proof, OTHER]},
        "the new root once more": {"proof": [*proof, right["new_root"]]},
        "the old root sent too": {"proof": [right["old_root"], *proof]},
        "the first hash twice": {"proof": [proof[0], *proof]},
        "an empty hash at the end": {"proof": [*proof, ""]},
        "one bit of a hash": {"proof": [*proof[:-1], flipped]},
    }
    for why, change in changes.items():
        yield case(False, why, **right | change)


def notes():
    peter = {"name": "PeterNeumann", "key": PETER_KEY}
    right = PETER_TEXT + "\n" + PETER_LINE
    mine = {"name": "riskset/site/asan", "key": public("asan").hex()}
    text = "a text\n\nwith an empty line\n"
    own = log_line("riskset/site/asan", text, "asan")
    other = log_line("riskset/site/kurume", text, "kurume")
    yield case(True, GO, note=right, **peter)
    yield case(True, "an empty line inside", note=text + "\n" + own, **mine)
    yield case(True, "others signed too", note=text + "\n" + other + own, **mine)
    broken = own.replace("— riskset/site/asan ", "")
    wrong = {
        "a changed text": right.replace("cryptography", "cryptographY"),
        "another's name over the signature": right.replace("— PeterNeumann", "— PeterGutmann"),
        "a hyphen for the dash": right.replace("— ", "- "),
        "two spaces": right.replace("— PeterNeumann ", "— PeterNeumann  "),
        "no line end": right[:-1],
        "no empty line": PETER_TEXT + PETER_LINE,
        "no signature": PETER_TEXT + "\n",
        "an empty line after the signature": right + "\n",
        "a carriage return": right.replace("\n", "\r\n"),
        "base64 without its end": right.replace("AM=", "AM"),
        "base64 with a line's worth of garbage": right.replace("AM=", "AM=!"),
        "another spelling of the same bytes": right.replace("AM=", "AN="),
        "a key id alone": PETER_TEXT + "\n— PeterNeumann x08goA==\n",
        "signed twice": right + PETER_LINE,
        "no name": PETER_TEXT + "\n—  " + broken,
        "a plus in a name": PETER_TEXT + "\n— Peter+Neumann " + broken,
        "empty": "",
    }
    for why, note in wrong.items():
        yield case(False, why, note=note, **peter)
    yield case(False, "only others signed", note=text + "\n" + other, **mine)
    yield case(
        False, "a cosignature is not the log's", note=text + "\n" + witness_line(mine["name"], text, 1, "asan"), **mine
    )
    yield case(
        False,
        "a cosignature under the log's type",
        note=text + "\n" + witness_line(mine["name"], text, 1, "asan", kind=b"\x01"),
        **mine,
    )


def body(origin="riskset/coordinator", size=8, root=ROOTS[7]):
    return f"{origin}\n{size}\n{base64.b64encode(bytes.fromhex(root)).decode()}\n"


def checkpoints():
    given = {"origin": "riskset/coordinator", "key": public("coordinator").hex()}

    def signed(text, origin="riskset/coordinator", key="coordinator"):
        return text + "\n" + log_line(origin, text, key)

    right = body()
    yield case(True, "", note=signed(right), size=8, root=ROOTS[7], **given)
    empty = hashlib.sha256(b"").hexdigest()
    yield case(True, "an empty log", note=signed(body(size=0, root=empty)), size=0, root=empty, **given)
    wrong = {
        "a zero before the size": right.replace("\n8\n", "\n08\n"),
        "a plus before the size": right.replace("\n8\n", "\n+8\n"),
        "a size below zero": right.replace("\n8\n", "\n-8\n"),
        "another script's digits": right.replace("\n8\n", "\n８\n"),
        "an underscore in the size": right.replace("\n8\n", "\n1_0\n"),
        "a space after the size": right.replace("\n8\n", "\n8 \n"),
        "a size over 2^53": right.replace("\n8\n", "\n99999999999999999\n"),
        "no size": right.replace("\n8\n", "\n\n"),
        "a root of 31 bytes": body(root=ROOTS[7][:-2]),
        "a root in hex": f"riskset/coordinator\n8\n{ROOTS[7]}\n",
        "a fourth line": right + "more\n",
        "two lines": "riskset/coordinator\n8\n",
        "no origin": right.replace("riskset/coordinator", ""),
        "another log's origin": body("riskset/site/asan"),
    }
    for why, text in wrong.items():
        yield case(False, why, note=signed(text), **given)
    yield case(False, "another party's key", note=signed(right, key="asan"), **given)
    yield case(False, "a changed size", note=signed(right).replace("\n8\n", "\n9\n"), **given)


def cosignatures():
    text = body()
    keys = {name: public(name).hex() for name in ("asan", "kurume")}
    own = text + "\n" + log_line("riskset/coordinator", text, "coordinator")
    asan, kurume = witness_line("asan", text, 1679315147), witness_line("kurume", text, 1679315148)
    unknown = witness_line("osaka", text, 1679315149)
    times = {"asan": 1679315147, "kurume": 1679315148}
    yield case(True, "", note=own + asan + kurume, keys=keys, times=times)
    yield case(
        True, "a key nobody knows is passed over", note=own + asan + unknown, keys=keys, times={"asan": 1679315147}
    )
    yield case(
        True,
        "one's own key under another name is no cosignature",
        note=own + witness_line("asan", text, 1, "osaka"),
        keys=keys,
        times={},
    )
    yield case(True, "nobody", note=own, keys=keys, times={})
    raw = base64.b64decode(asan.split(" ")[2])
    later = raw[:4] + (1679315148).to_bytes(8, "big") + raw[12:]
    far = 2**63
    wrong = {
        "another time": f"— asan {base64.b64encode(later).decode()}\n",
        "one byte short": f"— asan {base64.b64encode(raw[:-1]).decode()}\n",
        "no signature": f"— asan {base64.b64encode(raw[:12]).decode()}\n",
        "of another checkpoint": witness_line("asan", body(size=9), 1679315147),
        "signed without the time": line("asan", b"\x04", (0).to_bytes(8, "big") + signature("asan", text)),
        "signed as the log signs": line("asan", b"\x04", signature("asan", text)),
        "beyond all time": line(
            "asan", b"\x04", far.to_bytes(8, "big") + signature("asan", f"cosignature/v1\ntime {far}\n{text}")
        ),
    }
    for why, cosignature in wrong.items():
        yield case(False, why, note=own + cosignature, keys=keys)


def entry(number, kind="contributed", private="", **public_part):
    return {
        "number": number,
        "at": f"2026-01-0{number + 1}T09:30:00.000+00:00",
        "kind": kind,
        "public": public_part,
        "private": private,
    }


def leaf_of(content):
    private = content["private"]
    hashed = hashlib.sha256(bytes.fromhex(private)).hexdigest() if private else ""
    return canonical({**content, "private": hashed}).encode()


def entries():
    right = entry(0, run="3f", round=2, list=[1, {"a": True}], name="서울아산병원")
    text = canonical(right)
    yield case(True, "", line=text, leaf=hashlib.sha256(b"\x00" + leaf_of(right)).hexdigest())
    sealed = entry(1, private="00ff", reply="ab")
    yield case(True, "", line=canonical(sealed), leaf=hashlib.sha256(b"\x00" + leaf_of(sealed)).hexdigest())
    wrong = {
        "a space": text.replace(":", ": ", 1),
        "keys in another order": json.dumps(right, separators=(",", ":"), ensure_ascii=False),
        "a float": canonical(entry(0, x=1.5)),
        "a whole number over 2^53": canonical(entry(0, x=2**53 + 1)),
        "no number": canonical({**right, "number": None}),
        "a number as a text": canonical({**right, "number": "0"}),
        "true for a number": canonical({**right, "number": True}),
        "null inside": canonical(entry(0, x=None)),
        "a kind nobody knows": canonical(entry(0, kind="forgave")),
        "another time zone": text.replace("+00:00", "+09:00"),
        "a time without milliseconds": text.replace(".000", ""),
        "a field too many": canonical({**right, "more": ""}),
        "a field too few": canonical({k: v for k, v in right.items() if k != "kind"}),
        "a list for the public part": canonical({**right, "public": []}),
        "capitals in the ciphertext": canonical(sealed).replace("00ff", "00FF"),
        "half a byte of ciphertext": canonical(sealed).replace("00ff", "00f"),
        "a key twice": text.replace('{"at"', '{"at":"x","at"'),
        "escaped where it need not be": text.replace("run", "\\u0072un"),
        "a list": "[]",
        "empty": "",
        "nested beyond reason": "[" * 5000,
    }
    for why, bad in wrong.items():
        yield case(False, why, line=bad)


def logs():
    contents = [
        entry(0, "approved", site="asan"),
        entry(1, "opened", run="3f"),
        entry(2, run="3f", private="00ff10"),
        entry(3, "closed", run="3f"),
    ]
    given = {"origin": "riskset/site/asan", "key": public("asan").hex()}

    def checkpoint(covered, key="asan", origin="riskset/site/asan"):
        text = body(origin, len(covered), root_of([leaf_of(x) for x in covered]).hex())
        return canonical({"checkpoint": text + "\n" + log_line(origin, text, key)})

    def log(lines):
        return "\n".join(lines) + "\n"

    lines, head = [canonical(x) for x in contents], checkpoint(contents)
    right = [*lines, head]
    twice = [*lines[:2], checkpoint(contents[:2]), *lines[2:], head]
    other = canonical(entry(1, "opened", run="40"))
    yield case(True, "", text=log(right), entries=4, was_cut=False, **given)
    yield case(True, "exported twice", text=log(twice), entries=4, was_cut=False, **given)
    yield case(True, "nothing in it", text=log([checkpoint([])]), entries=0, was_cut=False, **given)
    yield case(
        True,
        "cut in the line after a checkpoint",
        text=log(twice[:3]) + lines[2][:40],
        entries=2,
        was_cut=True,
        **given,
    )
    yield case(True, "cut in a later checkpoint", text=log([*right, head])[:-30], entries=4, was_cut=True, **given)
    wrong = {
        "cut in its only checkpoint": log(right)[:-30],
        "cut beyond what a checkpoint covers": log(twice[:4]) + lines[3][:40],
        "no checkpoint": log(lines),
        "entries after the last checkpoint": log([*right, canonical(entry(4, "paused"))]),
        "empty": "",
        "an entry changed": log([lines[0], other, *right[2:]]),
        "an entry's ciphertext changed": log(right).replace("00ff10", "00ff11"),
        "an entry dropped": log([lines[0], *right[2:]]),
        "the first entry dropped": log(right[1:]),
        "the last entry dropped": log([*lines[:-1], head]),
        "an entry dropped and the rest renumbered": log(
            [lines[0], canonical({**contents[2], "number": 1}), canonical({**contents[3], "number": 2}), head]
        ),
        "two entries changed over": log([lines[0], lines[2], lines[1], *right[3:]]),
        "two entries changed over and renumbered": log(
            [lines[0], canonical({**contents[2], "number": 1}), canonical({**contents[1], "number": 2}), *right[3:]]
        ),
        "an entry twice": log([lines[0], *right]),
        "a checkpoint of an earlier size at the end": log([*lines, checkpoint(contents[:3])]),
        "a fork: the first checkpoint is of other entries": log(
            [*lines[:2], checkpoint([contents[0], entry(1, "opened", run="40")]), *lines[2:], head]
        ),
        "signed by another key": log([*lines, checkpoint(contents, "kurume")]),
        "another party's log": log([*lines, checkpoint(contents, "asan", "riskset/site/kurume")]),
        "a line that is nothing": log([*lines[:2], "", *right[2:]]),
        "a checkpoint in another spelling": log([*lines, head.replace(":", ": ", 1)]),
        "a checkpoint that is no text": log([*lines, '{"checkpoint":7}']),
        "a changed root": log([*lines, checkpoint([*contents[:3], entry(3, "closed", run="40")])]),
    }
    for why, text in wrong.items():
        yield case(False, why, text=text, **given)


def main():
    content = {
        "about": "Made by make_vectors.py. `holds` false: to be refused, and `why` says what is wrong with it.",
        "roots": list(roots()),
        "inclusion": list(inclusion()),
        "consistency": list(consistency()),
        "notes": list(notes()),
        "signing": {"seed": PETER_SEED, "name": "PeterNeumann", "text": PETER_TEXT, "line": PETER_LINE, "source": GO},
        "checkpoints": list(checkpoints()),
        "cosignatures": list(cosignatures()),
        "entries": list(entries()),
        "logs": list(logs()),
    }
    print(json.dumps(content, indent=1, ensure_ascii=False))


main()
