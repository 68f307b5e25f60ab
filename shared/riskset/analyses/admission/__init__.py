"""What is asked before any model: short rounds of counts that tell whether a question may be asked at all.

Each round asks only of what passed the last: `changes` (patients that differ from an earlier run's), `cohorts` (rows),
`counts` (events, each column and its spread), `pairs` (which 0/1 columns go together), `products` (how all columns go
together). Pooled figures are judged by everybody, who all find the same; own rows by each hospital.
"""
