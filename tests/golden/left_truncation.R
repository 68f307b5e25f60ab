#!/usr/bin/env Rscript
# Cox models of lung with late entry, strata(site): entry is 0, 20, 40, 60 or 80 days by the patient's number, where that is
# before the end of follow-up, else 0. usage: Rscript left_truncation.R   -> left_truncation.json beside it (survival 3.5-3)
suppressMessages({library(survival); library(jsonlite)})
d <- read.csv("../../shared/riskset/datasets/lung.csv")
d <- d[complete.cases(d[, c("site", "time", "event", "trt", "age", "ph_ecog")]), ]
d$entry <- 20 * (d$id %% 5)
d$entry[d$entry >= d$time] <- 0
d$ecog <- factor(ifelse(d$ph_ecog >= 2, "2+", d$ph_ecog))
ctl <- coxph.control(eps = 1e-14, iter.max = 200, toler.chol = 1e-15)
# (start, stop] has no patient at risk at time 0; entry 0 counts from the first day on, as Surv(time, event) does
answer <- function(formula, ties) {
  m <- coxph(formula, d, ties = ties, control = ctl)
  list(n = m$n, events = m$nevent, coef = as.list(coef(m)), vcov = unname(vcov(m)), loglik = m$loglik)
}
out <- lapply(setNames(nm = c("efron", "breslow")), function(ties) list(
  plain = answer(Surv(entry, time, event) ~ trt + age + strata(site), ties),
  strata = answer(Surv(entry, time, event) ~ trt + age + strata(site, ecog), ties)))
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), pretty = TRUE, matrix = "rowmajor"), "left_truncation.json")
