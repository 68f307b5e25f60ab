"""The masks of one site in one run: put on before a contribution is sent, and taken off by anyone who has the secret,
the site itself or its auditor."""

from __future__ import annotations

from riskset.protocol.history import History
from riskset.protocol.messages import refused
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified
from riskset.secure.masks import Masks, NoMasks, PairwiseMasks


def masks_of(history: History, site: str, secret: bytes, *, study: str, roster: str, run: str) -> Masks:
    """Returns the masks with which a site sends its numbers in a run; `secret` is that of the run, empty where sums are
    not masked.

    Raises Refused("journal") where the secret is missing: a site that stated a key never sends without masks.
    """
    if not history.opened[site].key:
        return NoMasks()
    if not secret:
        raise refused("journal")
    keys = {name: said.key for name, said in history.opened.items()}
    return PairwiseMasks(secret, site, keys, {"study": study, "roster": roster, "run": run})


def unmasked(history: History, contribution: Verified, secret: bytes) -> fixed_point.Vector:
    """Returns the vector of a contribution to the round after `history` without its masks: flags, then numbers. It is
    one site's own.

    Raises ProtocolError where the contribution does not have the length of the question.
    """
    vector, head = history.read(contribution), contribution.head
    masks = masks_of(history, head.sender, secret, study=head.study, roster=head.roster, run=head.run)
    alone = masks.mask(fixed_point.zeros(vector.shape[1]), head.round, head.history)
    return fixed_point.add(vector, fixed_point.negate(alone))
