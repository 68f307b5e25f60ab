"""Federated survival analysis in which every number that leaves a hospital is a sum.

What everyone shares: the statistics, the study file, the disclosure gate, the protocol of a run. What a hospital runs
is `riskset_site`, what the coordinator runs `riskset_server`. Notebooks find `load`, `read_study` and `rehearse` here
(docs/api.md): `__init__.pyi` lists their names, and pandas is imported when one of them is first used.
"""

__version__ = "0.2.0"


def __getattr__(name: str) -> object:
    from riskset.notebook_names import of_notebook

    return of_notebook(name)


def __dir__() -> list[str]:
    from riskset.notebook_names import NAMES

    return sorted([*globals(), *NAMES])
