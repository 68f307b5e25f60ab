"""Whole studies on one machine over the real network, held against what another program finds on the pooled rows."""
