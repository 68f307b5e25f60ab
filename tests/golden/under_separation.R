#!/usr/bin/env Rscript
# The other coefficients of the models of separated.R as the separated one diverges: coxph with the column as an offset
# b * x, b at +-40, all other covariates estimated, strata(site).
# usage: Rscript under_separation.R   -> under_separation.json beside it, from separated.json (R 4.2, survival 3.5-3)
suppressMessages({library(survival); library(jsonlite)})
d <- fromJSON("separated.json")$data
d <- as.data.frame(d)
ctl <- coxph.control(eps = 1e-14, iter.max = 200, toler.chol = 1e-15)
rest <- function(column, towards, ties) {
  eta <- towards * d[[column]]
  d$eta <- eta - max(eta)
  m <- coxph(Surv(time, event) ~ x + age + z + strata(site) + offset(eta), d, ties = ties, control = ctl)
  list(coef = as.list(coef(m)), se = as.list(setNames(sqrt(diag(vcov(m))), names(coef(m)))))
}
out <- lapply(setNames(nm = c("efron", "breslow")), function(ties)
  list(flag = rest("flag", -40, ties), score = rest("score", 40, ties)))
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), pretty = TRUE), "under_separation.json")
