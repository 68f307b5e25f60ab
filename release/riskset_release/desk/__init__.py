"""The review desk: pages on this machine, on which a member of a committee reads outputs and signs votes."""
