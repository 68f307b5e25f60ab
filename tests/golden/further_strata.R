#!/usr/bin/env Rscript
# Cox models of lung with strata(site, ph_ecog), and the Wald test of a category as a whole; complete cases.
# usage: Rscript further_strata.R   -> further_strata.json beside it (R 4.2, survival 3.5-3)
suppressMessages({library(survival); library(jsonlite)})
d <- read.csv("../../shared/riskset/datasets/lung.csv")
d <- d[complete.cases(d[, c("site", "time", "event", "trt", "age", "ph_ecog")]), ]
d$ecog <- factor(ifelse(d$ph_ecog >= 2, "2+", d$ph_ecog))
ctl <- coxph.control(eps = 1e-14, iter.max = 200, toler.chol = 1e-15)
answer <- function(formula, ties) {
  m <- coxph(formula, d, ties = ties, control = ctl)
  list(n = m$n, events = m$nevent, coef = as.list(coef(m)), vcov = unname(vcov(m)), loglik = m$loglik)
}
out <- lapply(setNames(nm = c("efron", "breslow")), function(ties) {
  whole <- coxph(Surv(time, event) ~ trt + age + ecog + strata(site), d, ties = ties, control = ctl)
  at <- c("ecog1", "ecog2+")
  wald <- drop(coef(whole)[at] %*% solve(vcov(whole)[at, at], coef(whole)[at]))
  list(strata = answer(Surv(time, event) ~ trt + age + strata(site, ecog), ties),
       alone = answer(Surv(time, event) ~ trt + strata(site, ecog), ties),
       category = list(chi2 = wald, df = 2, p = pchisq(wald, 2, lower.tail = FALSE)))
})
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), pretty = TRUE, matrix = "rowmajor"), "further_strata.json")
