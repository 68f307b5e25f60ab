"""Whole studies on one machine over the real network, compared with another program's results on the pooled rows."""
