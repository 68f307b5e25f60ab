"""Admission: short rounds of counts before any model, which show whether an analysis may be made at all.

Each round covers only what passed the previous one: `changes` (patients who differ from those of an earlier run),
`cohorts` (rows), `counts` (events, each column and its spread), `pairs` (joint counts of 0/1 columns), `products`
(joint products of all columns). Every party judges the pooled figures, with the same result; each hospital judges its
own rows.
"""
