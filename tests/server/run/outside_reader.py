"""Checks a bundle by docs/formats.md, docs/ledger.md and docs/auditor.md alone. Imports nothing of riskset."""

import base64
import hashlib
import json
import re
import zipfile
from datetime import date
from fractions import Fraction

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TYPES = {"open": "opened", "round": "contribution", "close": "closed"}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def framed(parts):
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


def unframed(data):
    parts = []
    while data:
        end = 4 + int.from_bytes(data[:4], "little")
        assert end <= len(data)
        parts.append(data[4:end])
        data = data[end:]
    return parts


def canonical(data):
    content = json.loads(data)
    assert rfc8785.dumps(content) == data
    return content


def signed(kind, content):
    return rfc8785.dumps({f"riskset {kind}": content})


P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


class NotSo(Exception):
    """A file that is not as the pages say."""


def must(holds, what):
    if not holds:
        raise NotSo(what)


def key_of(text):
    """A key: a point of prime order in its one spelling, which RFC 8032 decodes."""
    must(isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text), "a key")
    number = int.from_bytes(bytes.fromhex(text), "little")
    y, sign = number % 2**255, number >> 255
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    x = x if v * x * x % P == u else x * pow(2, (P - 1) // 4, P) % P
    must(y < P and x and v * x * x % P == u, "a key")
    must(times(ORDER, (x if x % 2 == sign else P - x, y)) == (0, 1), "a key of prime order")
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))


def times(n, point):
    found = (0, 1)
    for bit in f"{n:b}":
        found = added(found, found)
        found = added(found, point) if bit == "1" else found
    return found


def added(one, other):
    (x1, y1), (x2, y2) = one, other
    k = D * x1 * x2 * y1 * y2
    x, y = (x1 * y2 + x2 * y1) * pow(1 + k, -1, P), (y1 * y2 + x1 * x2) * pow(1 - k, -1, P)
    return x % P, y % P


def each_once(pairs):
    must(len(dict(pairs)) == len(pairs), "a key given twice")
    return dict(pairs)


def no_float(text):
    raise NotSo(f"{text} is not a whole number")


def read_file(data):
    """The JSON of a signed file: spaces outside texts and the order of keys are free, every other spelling is one."""
    try:
        text = data.decode()
        content = json.loads(text, object_pairs_hook=each_once, parse_float=no_float, parse_constant=no_float)
        bare = re.sub(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+', r"\1", text)
        must(bare == json.dumps(content, separators=(",", ":"), ensure_ascii=False), "another spelling")
        rfc8785.dumps(content)
    except (ValueError, rfc8785.CanonicalizationError) as wrong:
        raise NotSo("no JSON") from wrong
    return content


def check_signed(key, signature, bytes_):
    must(isinstance(signature, str) and re.fullmatch("[0-9a-f]{128}", signature), "a signature")
    try:
        key.verify(bytes.fromhex(signature), bytes_)
    except InvalidSignature:
        raise NotSo("signed by this key") from None


def has_texts(content, keys):
    """Whether an object has these keys and no other, and its values are texts."""
    return isinstance(content, dict) and content.keys() == keys and all(isinstance(v, str) for v in content.values())


def read_roster(data, coordinator):
    """Returns what was signed."""
    document = read_file(data)
    must(isinstance(document, dict) and document.keys() == {"roster", "signature"}, "a roster")
    content, keys = document["roster"], {"schema", "study", "study_sha256", "coordinator", "sites", "renewals"}
    must(isinstance(content, dict) and content.keys() == keys, "a roster")
    must(type(content["schema"]) is int and content["schema"] == 3, "a schema that is known")
    must(content["coordinator"] == coordinator, "the coordinator's key")
    check_signed(key_of(coordinator), document["signature"], signed("roster", content))
    must(isinstance(content["sites"], dict) and isinstance(content["renewals"], dict), "sites")
    for name, member in content["sites"].items():
        must(re.fullmatch("[A-Za-z][A-Za-z0-9_-]{0,63}", name), "a name")
        must(has_texts(member, {"identity", "node", "telephone", "irb", "irb_until"}), "a member")
        key_of(member["identity"])
    identities = [member["identity"] for member in content["sites"].values()]
    must(len({*identities}) == len(identities), "a key of each site")
    # what earlier keys signed is not followed here: a roster with renewals is refused
    must(not content["renewals"], "no renewal")
    return signed("roster", content)


APPROVAL = {"site", "study", "roster", "snapshot", "code", "by", "irb", "until", "signed_at"}
LISTS = {"policy": dict, "methods": dict, "exceptions": list, "compared": list}


def read_approval(data, key):
    """Returns what was signed."""
    document = read_file(data)
    must(isinstance(document, dict) and document.keys() == {"approval", "signature", "sha256"}, "an approval")
    content = document["approval"]
    told = {"may_be_told_alone"} if isinstance(content, dict) and "may_be_told_alone" in content else set()
    keys = APPROVAL | LISTS.keys() | {"schema", "may_be_subtracted"} | told
    must(isinstance(content, dict) and content.keys() == keys, "an approval")
    must(type(content["schema"]) is int and content["schema"] == 2, "a schema that is known")
    must(has_texts({name: content[name] for name in APPROVAL}, APPROVAL), "texts")
    must(all(isinstance(content[name], of) for name, of in LISTS.items()), "lists")
    must(all(has_texts(one, {"limit", "value", "reason"}) for one in content["exceptions"]), "exceptions")
    texts = [*content["compared"], *content["policy"].values(), *content["methods"].values()]
    must(all(isinstance(text, str) for text in texts), "texts")
    must(isinstance(content["may_be_subtracted"], bool) and all(content[name] is True for name in told), "yes or no")
    try:
        must(date.fromisoformat(content["until"]).isoformat() == content["until"], "a day")
    except ValueError as wrong:
        raise NotSo("a day") from wrong
    check_signed(key_of(key), document["signature"], signed("approval", content))
    must(document["sha256"] == sha256(signed("approval", content)), "its hash")
    return signed("approval", content)


def leaf(entry):
    """`private` by the hash of its ciphertext; a leaf begins with a zero byte."""
    private = sha256(bytes.fromhex(entry["private"])) if entry["private"] else ""
    return hashlib.sha256(b"\x00" + rfc8785.dumps({**entry, "private": private})).digest()


def root(leaves):
    """RFC 6962, section 2.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()


class Reader:
    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.run = json.loads(self.files["manifest.json"])["bundle"]["run"]
        self.sites = {}
        self.checked = 0

    def read(self):
        self._manifest()
        self._log()
        self._messages()
        return self.totals

    def _manifest(self):
        self.study = sha256(self.files["study.json"])
        order = canonical(self.files["study.json"])["order"]
        assert set(order) == {"sites", "variables", "endpoints", "analyses"}
        roster = json.loads(self.files["roster.json"])
        self.coordinator = key_of(roster["roster"]["coordinator"])
        self.roster = sha256(read_roster(self.files["roster.json"], roster["roster"]["coordinator"]))
        self.sites = {name: key_of(member["identity"]) for name, member in roster["roster"]["sites"].items()}
        document = json.loads(self.files["manifest.json"])
        self.coordinator.verify(bytes.fromhex(document["signature"]), signed("bundle", document["bundle"]))
        listed = {one["path"]: (one["bytes"], one["sha256"]) for one in document["bundle"]["files"]}
        assert listed == {p: (len(c), sha256(c)) for p, c in self.files.items() if p != "manifest.json"}

    def _log(self):
        *lines, last = self.files["coordinator.log"].decode().splitlines()
        self.entries = [canonical(line.encode()) for line in lines]
        self.leaves = [leaf(entry) for entry in self.entries]
        self._note(json.loads(last)["checkpoint"], len(lines))
        ended = self.entries[-1]
        assert (ended["kind"], ended["public"]["run"]) == ("ended", self.run)
        results = {p.removeprefix("results/"): sha256(c) for p, c in self.files.items() if p.startswith("results/")}
        assert ended["public"]["files"] == results

    def _note(self, note, size):
        """A checkpoint of the coordinator's log over its first entries. Returns its text."""
        text, _, lines = note.partition("\n\n")
        name, n, of = text.split("\n")
        assert (name, int(n)) == ("riskset/coordinator", size)
        assert base64.b64decode(of) == root(self.leaves[:size])
        [line] = [line for line in lines.splitlines() if line.startswith("— riskset/coordinator ")]
        self.coordinator.verify(base64.b64decode(line.split()[2])[4:], f"{text}\n".encode())
        self.checked += 1
        return f"{text}\n"

    def _messages(self):
        began = next(e["public"] for e in self.entries if e["kind"] == "began" and e["public"]["run"] == self.run)
        participants, history, before = began["participants"], "", []
        asked = [e["public"] for e in self.entries if e["kind"] == "asked" and e["public"]["run"] == self.run]
        self.totals, self.histories = [], []
        for round_, entry in enumerate(asked):
            self.histories.append(history)
            new_head, new, signature = unframed(self.files[f"messages/{round_:02d}-coordinator.bin"])
            payload = framed([new, *before]) if round_ else new
            raw = framed([new_head, payload, signature])
            type_ = "open" if round_ == 0 else "close" if round_ == len(asked) - 1 else "round"
            self._message(raw, self.coordinator, "coordinator", type_, round_, history)
            assert entry["sha256"] == sha256(raw)
            replies = [self.files[f"messages/{round_:02d}-{site}.bin"] for site in participants]
            ids = [
                self._message(reply, self.sites[site], site, TYPES[type_], round_, history)
                for site, reply in zip(participants, replies, strict=True)
            ]
            if round_:
                self._contributions(new, participants, replies)
            first = history or sha256("\n".join(["riskset run", self.study, self.roster, self.run]).encode())
            history, before = sha256("\n".join([first, *sorted(ids)]).encode()), replies

    def _message(self, raw, key, sender, type_, round_, history):
        head, payload, signature = unframed(raw)
        key.verify(signature, head)
        assert canonical(head) == {
            "type": type_,
            "study": self.study,
            "roster": self.roster,
            "run": self.run,
            "round": round_,
            "sender": sender,
            "history": history,
            "payload": sha256(payload),
        }
        self.checked += 1
        return sha256(head)

    def _contributions(self, new, participants, replies):
        """Each cosigns the checkpoint that the message showed; the vectors are added modulo 2^128."""
        note = canonical(new)["checkpoint"]
        text = self._note(note, int(note.split("\n")[1]))
        vectors = []
        for site, reply in zip(participants, replies, strict=True):
            vector, cosignature, _ = unframed(unframed(reply)[1])
            value = base64.b64decode(cosignature.decode().split()[2])
            time = int.from_bytes(value[4:12], "big")
            self.sites[site].verify(value[12:], f"cosignature/v1\ntime {time}\n{text}".encode())
            self.checked += 1
            vectors.append(numbers(vector))
        self.totals.append([real(sum(column) % 2**128) for column in zip(*vectors, strict=True)])

    def opened(self, opening):
        """Checks an opening against the messages that were read. Returns how many of its numbers are what was sent."""
        document = json.loads(opening)
        content = document["opening"]
        site = content["site"]
        self.sites[site].verify(bytes.fromhex(document["signature"]), signed("opening", content))
        assert (content["run"], content["study"], content["roster"]) == (self.run, self.study, self.roster)
        entries = self._own_log(site, content["log"])
        keys = self._keys_of_the_run()
        secret = X25519PrivateKey.from_private_bytes(bytes.fromhex(content["secret"]))
        assert secret.public_key().public_bytes_raw().hex() == keys[site]
        named = json.loads(self.files["totals.json"])
        agree = 0
        for one, of in zip(content["rounds"], named, strict=True):
            reply = self.files[f"messages/{one['round']:02d}-{site}.bin"]
            assert entries[one["entry"]]["public"]["reply"] == sha256(reply)
            private = bytes.fromhex(entries[one["entry"]]["private"])
            recorded = json.loads(AESGCM(bytes.fromhex(one["key"])).decrypt(private[:12], private[12:], None))
            assert (recorded["numbers"], recorded["verdicts"]) == (one["numbers"], one["verdicts"])
            vector, _, statement = unframed(unframed(reply)[1])
            sent, masks = numbers(vector), self._masks(site, secret, keys, one["round"], len(vector))
            clear = [(x - mask) % 2**128 for x, mask in zip(sent, masks, strict=True)]
            labels = [(of_one["asked_by"], x["what"]) for of_one in of["asked"] for x in of_one["totals"]]
            found = [(id_, *x) for id_, *lists in one["numbers"] for x in zip(*lists, strict=True)]
            spoken = [x for x in found if not x[0].startswith("in clear")]
            assert [x[:2] for x in spoken] == labels  # nothing was refused
            assert not any(clear[: len(clear) - len(labels)])  # and no flag is raised
            assert clear[len(clear) - len(labels) :] == [integer(float(x)) for _, _, x in spoken]
            stated = [str(int(float(x))) for id_, _, x in found if id_ == "in clear"]
            assert "".join(stated) == statement.decode()
            agree += len(spoken)
        return agree

    def _own_log(self, site, log):
        *lines, last = log.splitlines()
        entries = [canonical(line.encode()) for line in lines]
        text, _, signatures = json.loads(last)["checkpoint"].partition("\n\n")
        name, n, of = text.split("\n")
        assert (name, int(n), base64.b64decode(of)) == (f"riskset/site/{site}", len(lines), root([*map(leaf, entries)]))
        self.sites[site].verify(base64.b64decode(signatures.split()[2])[4:], f"{text}\n".encode())
        return entries

    def _keys_of_the_run(self):
        opened = {site: self.files.get(f"messages/00-{site}.bin") for site in self.sites}
        return {site: canonical(unframed(raw)[1])["key"] for site, raw in opened.items() if raw is not None}

    def _masks(self, site, secret, keys, round_, size):
        """The sum of the masks that the site put on a vector of so many bytes."""
        salt = hashlib.sha256(rfc8785.dumps([[name, keys[name]] for name in sorted(keys)])).digest()
        context = {"roster": self.roster, "run": self.run, "study": self.study}
        masks = [0] * (size // 16)
        for other in sorted(keys.keys() - {site}):
            lower, higher = sorted((site, other))
            info = rfc8785.dumps(["riskset pairwise masks 1", context, round_, self.histories[round_], lower, higher])
            shared = secret.exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(keys[other])))
            key = HKDF(hashes.SHA256(), 32, salt, info).derive(shared)
            stream = numbers(Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(bytes(size)))
            masks = [mask + (x if site == lower else -x) for mask, x in zip(masks, stream, strict=True)]
        return masks


def integer(x):
    whole = int(abs(Fraction(x)) * 2**64)
    return (whole if x >= 0 else -whole) % 2**128


def numbers(vector):
    """First all low halves, then all high halves, little-endian."""
    n = len(vector) // 16
    halves = [int.from_bytes(vector[8 * i : 8 * i + 8], "little") for i in range(2 * n)]
    return [high << 64 | low for low, high in zip(halves[:n], halves[n:], strict=True)]


def real(total):
    return (total - 2**128 if total >= 2**127 else total) / 2**64
