"""Keys, signed envelopes, and sums that no party sees the parts of."""
