"""A hostile reader of a release folder: it opens every file, of every form, and knows how numbers are linked and by
which rule they are held back. It is the test of the gate.

Nothing of the gate's own decisions is used: counts are those that a file shows, curves are those that a file draws.
"""
