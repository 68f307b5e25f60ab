"""Who took part in a site's runs: identity keys, not the names that a roster gives to them.

A coordinator may revoke a hospital and let another one join under its name, both lawful acts. The runs before and after
have participants of the same names, and their difference is the difference of two hospitals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from riskset.errors import ProtocolError, VerificationError
from riskset.protocol.journal import Begun, Exchange, Journal, tellers_in
from riskset.protocol.roster import Roster
from riskset.protocol.witnessing import read_relayed
from riskset.secure.envelope import claimed_head, unframe, verify
from riskset.secure.keys import public_from_hex

Parties = frozenset[str]
"""The parties of one run, each by its first key (hex)."""


def parties_of_runs(journal: Journal, roster: Roster, site: str) -> dict[str, Parties]:
    """Returns the parties of each run in which this site contributed, as far as the roster tells which keys replaced
    which; and, as a run of its own, each party that told its own estimates in one of them."""
    found = {}
    for run, begun in journal.contributed().items():
        found[run] = parties_of(run, begun, journal, roster)
        for name in tellers_in(journal.sent_in(run), site):
            found[f"{run}, of {name} alone"] = frozenset({roster.party(begun.keys[name])})
    return found


def parties_of(run: str, begun: Begun, journal: Journal, roster: Roster) -> Parties:
    """Returns the parties of a run. One of riskset 0.1.0 is recorded with names alone: there the keys are those of the
    roster that verify what the participants signed; a participant of whom none does is a party of its own."""
    keys = begun.keys or _signers(journal.exchanges(run), begun.participants, roster)
    return frozenset(roster.party(keys.get(name, f"{name} in run {run}")) for name in begun.participants)


def _signers(exchanges: Sequence[Exchange], names: Sequence[str], roster: Roster) -> Mapping[str, str]:
    """Returns the keys that verify the opening answers, which the first request after them carries."""
    found: dict[str, str] = {}
    parts = read_relayed(unframe(exchanges[1].request)[1])[1] if len(exchanges) > 1 else []
    for part in parts:
        name = claimed_head(part).sender
        for key in roster.parties if name in names else ():
            with suppress(VerificationError, ProtocolError):
                verify(part, {name: public_from_hex(key)})
                found[name] = key
    return found
