import numpy as np
from dataclasses import replace
from tests.attacks.test_adjusted_populations import COVARIATES, SITES, confounded
from tests.attacks.test_scores_of_few import network
from tests.attacks.test_versions_of_populations import nearest
from riskset.analyses.weights import Weights

def pops(patients, table, n, adj, covariates=COVARIATES):
    net = network(patients, table, dict.fromkeys(SITES, n), covariates, adjustments=adj, analyses={"score": {"kind": "propensity"}}, is_gated=False)
    out = net.run()
    found = {}
    for name, p in out.history.plan.populations.items():
        d = {}
        for s, c in enumerate(net.cohorts.values()):
            m = p.members(c, out.results)
            w = np.ones(len(m.patients)) if m.weights is None else m.weights
            d |= {(s, int(q) - s * n): float(x) for q, x in zip(m.patients, w)}
        found[name] = d
    return found

def differ(a, b):
    keys = set(a) | set(b)
    by = {k: abs(a.get(k, 0) - b.get(k, 0)) for k in keys}
    by = {k: v for k, v in by.items() if v > 1e-9}
    w = np.array(list(by.values()))
    return len(by), len({k[0] for k in by}), Weights(w.sum(), w @ w).effective if len(w) else 0

def test_m(patients):
    n = 180
    ad = nearest(0.2) | {"ate": {"method": "ate", "truncate": 4}, "overlap": {"method": "overlap"}, "matching": {"method": "matching"}, "att": {"method": "att"}}
    out = {}
    for seed in range(1, 26):
        big = confounded(n + 20, seed)
        small = {k: v[np.arange(len(v)) % (n + 20) < n] for k, v in big.items()}
        base = pops(patients, small, n, ad)
        more = pops(patients, big, n + 20, ad)
        cal = pops(patients, small, n, nearest(0.25))
        cal3 = pops(patients, small, n, nearest(0.1))
        less = pops(patients, small, n, ad, ("male", "ecog", "age"))
        old = small | {"age": small["age"] + (np.arange(3 * n) % n < 2)}
        corr = pops(patients, old, n, ad)
        for what, of in (("60 more", more), ("covariate less", less), ("6 corrected", corr)):
            for name in ad:
                out.setdefault((what, name), []).append(differ(base[name], of[name]))
        out.setdefault(("caliper .25", "match"), []).append(differ(base["match"], cal["match"]))
        out.setdefault(("caliper .1", "match"), []).append(differ(base["match"], cal3["match"]))
    with open("/tmp/measure.txt", "w") as f:
        for key, of in out.items():
            a = np.array(of)
            print(key, "rows", a[:, 0].min(), int(np.median(a[:, 0])), a[:, 0].max(), "pass50@3", ((a[:, 0] >= 50) & (a[:, 1] >= 3)).mean(), "pass5@3", ((a[:,0]>=5)&(a[:,1]>=3)).mean(), "none", (a[:, 0] == 0).mean(), "eff", a[:, 2].min(), int(np.median(a[:, 2])), file=f)
