"""What a party remembers of another's log, and reports: a fork, a rolled-back log, a different key, two histories."""

import pytest

from riskset.errors import VerificationError
from riskset.ledger import note
from riskset.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from riskset.ledger.merkle import Tree, leaf_hash
from riskset.ledger.trusted_log import read_log, write_log
from riskset.ledger.witness import MAX_TIME, Cosigned, Witness, check_same_log, cosign, cosigners
from riskset.secure.keys import new_identity

ORIGIN = "riskset/coordinator"
LOG, ASAN, KURUME = new_identity(), new_identity(), new_identity()
HONEST = Tree(leaf_hash(bytes([n])) for n in range(9))
FORKED = Tree(leaf_hash(bytes([n ^ (n == 3)])) for n in range(9))
FIRST = Witness(ORIGIN, LOG.public_key())


def shown(tree, size, key=LOG, origin=ORIGIN):
    return sign_checkpoint(Checkpoint(origin, size, tree.root(size)), key)


@pytest.fixture
def witness():
    """One that has seen five entries."""
    return FIRST.advance(shown(HONEST, 5), ())


def test_it_follows_a_log_that_grows_and_one_that_does_not(witness):
    assert witness.checkpoint.size == 5
    assert witness.advance(shown(HONEST, 9), HONEST.consistency(5, 9)).checkpoint.root == HONEST.root()
    assert witness.advance(shown(HONEST, 5), ()) == witness


def test_a_fork(witness):
    for size in (5, 9):
        with pytest.raises(VerificationError, match="the log riskset/coordinator forked") as fork:
            witness.advance(shown(FORKED, size), FORKED.consistency(5, size))
        assert "as evidence" in fork.value.hint


def test_a_log_that_was_rolled_back(witness):
    with pytest.raises(VerificationError, match="was rolled back: it had 5 entries and now shows 4"):
        witness.advance(shown(HONEST, 4), ())


def test_another_key_or_another_log(witness):
    with pytest.raises(VerificationError, match="not signed by the known key"):
        witness.advance(shown(HONEST, 9, key=ASAN), HONEST.consistency(5, 9))
    with pytest.raises(VerificationError, match="not signed by the known key"):
        witness.advance(shown(HONEST, 9, origin="riskset/site/osaka"), HONEST.consistency(5, 9))


def test_no_proof(witness):
    with pytest.raises(VerificationError, match="forked, or its proof is invalid"):
        witness.advance(shown(HONEST, 9), ())


def test_a_refused_checkpoint_is_not_remembered(witness):
    with pytest.raises(VerificationError):
        witness.advance(shown(FORKED, 9), FORKED.consistency(5, 9))
    assert witness.advance(shown(HONEST, 9), HONEST.consistency(5, 9)).checkpoint.size == 9


def test_two_parties_that_compare_notice_what_each_alone_cannot():
    ours = open_checkpoint(shown(HONEST, 9), ORIGIN, LOG.public_key())
    theirs = open_checkpoint(shown(FORKED, 9), ORIGIN, LOG.public_key())
    check_same_log(ours, ours)
    check_same_log(ours, Checkpoint(ORIGIN, 8, FORKED.root(8)))
    check_same_log(ours, Checkpoint("riskset/site/asan", 9, FORKED.root(9)))
    with pytest.raises(VerificationError, match="shows different entries to different parties"):
        check_same_log(ours, theirs)


def test_cosignatures_of_several_parties_gather_under_one_note(witness):
    signed = note.parse(witness.seen)
    asan, kurume = witness.cosigned("asan", ASAN, 100), witness.cosigned("kurume", KURUME, 200)
    gathered = signed.joined([asan]).joined([kurume]).joined([asan])
    keys = {"asan": ASAN.public_key(), "kurume": KURUME.public_key(), "osaka": LOG.public_key()}
    assert cosigners(gathered, keys) == (Cosigned("asan", 100), Cosigned("kurume", 200))
    assert note.parse(str(gathered)) == gathered
    assert open_checkpoint(str(gathered), ORIGIN, LOG.public_key()) == witness.checkpoint


def test_the_first_of_a_partys_cosignatures_is_kept(witness):
    signed = note.parse(witness.seen).joined([witness.cosigned("asan", ASAN, 100)])
    again = signed.joined([witness.cosigned("asan", ASAN, 300)])
    assert cosigners(again, {"asan": ASAN.public_key()}) == (Cosigned("asan", 100),)


def test_an_auditor_reads_who_cosigned(witness):
    empty = sign_checkpoint(Checkpoint(ORIGIN, 0, Tree().root()), LOG)
    cosigned = note.parse(empty).joined([FIRST.advance(empty, ()).cosigned("asan", ASAN, 100)])
    log = read_log(write_log([], str(cosigned)), ORIGIN, LOG.public_key(), {"asan": ASAN.public_key()})
    assert log.cosigned_by == (Cosigned("asan", 100),)


def test_a_cosignature_in_anothers_name_damns_the_note(witness):
    signed = note.parse(witness.seen).joined([witness.cosigned("asan", ASAN, 100)])
    renamed = note.Note(signed.text.replace("\n5\n", "\n6\n"), signed.signatures)
    with pytest.raises(VerificationError, match="a cosignature in the name of asan is not by asan"):
        cosigners(renamed, {"asan": ASAN.public_key()})


def test_what_only_a_mistaken_caller_does():
    with pytest.raises(ValueError, match="no checkpoint to cosign"):
        FIRST.cosigned("asan", ASAN, 100)
    for time in (-1, MAX_TIME + 1):
        with pytest.raises(ValueError, match="a time is between"):
            cosign("text\n", "asan", ASAN, time)
    for name in ("", "a b", "a+b", "a\u3000b", "a\tb"):
        with pytest.raises(ValueError, match="cannot name a key"):
            note.sign("text\n", name, ASAN)
    for text in ("", "no line end", "a\r\n", "\ud800\n"):
        with pytest.raises(ValueError, match="whole lines"):
            note.sign(text, "asan", ASAN)
    for wrong in (lambda: HONEST.root(10), lambda: HONEST.inclusion(9, 9), lambda: HONEST.consistency(6, 5)):
        with pytest.raises(ValueError, match=r"entries|leaf|leaves"):
            wrong()
