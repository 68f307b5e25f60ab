#!/usr/bin/env Rscript
# What follows from a Cox model of lung with strata(site): robust errors, tests of proportional hazards, concordance.
# Complete cases; time in days, and in weeks, where most events are tied.
# usage: Rscript cox_companions.R   -> cox_companions.json beside it (R 4.2, survival 3.5-3)
suppressMessages({library(survival); library(jsonlite)})
d <- read.csv("../../shared/riskset/datasets/lung.csv")
d <- d[complete.cases(d[, c("site", "time", "event", "trt", "age", "ph_ecog")]), ]
d$ecog <- factor(ifelse(d$ph_ecog >= 2, "2+", d$ph_ecog))
d$weeks <- ceiling(d$time / 7)
d$late <- pmin((d$id * 37) %% 60, d$time - 1)
ctl <- coxph.control(eps = 1e-14, iter.max = 200, toler.chol = 1e-15)
zph <- function(m, transform, terms) {
  t <- cox.zph(m, transform = transform, terms = terms)$table
  list(names = rownames(t), chi2 = unname(t[, 1]), df = unname(t[, 2]), p = unname(t[, 3]))
}
answer <- function(formula, ties) {
  m <- coxph(formula, d, ties = ties, control = ctl, x = TRUE, y = TRUE)
  by_patient <- coxph(formula, d, ties = ties, control = ctl, cluster = id)
  by_site <- coxph(formula, d, ties = ties, control = ctl, cluster = site)
  c_ <- concordance(m)
  s <- summary(by_patient)
  transforms <- c("km", "identity", "rank", "log")
  list(
    coef = unname(coef(m)), se = unname(sqrt(diag(vcov(m)))),
    robust = unname(sqrt(diag(by_patient$var))), site = unname(sqrt(diag(by_site$var))),
    z = unname(s$coefficients[, "z"]), p = unname(s$coefficients[, "Pr(>|z|)"]),
    lower = unname(s$conf.int[, "lower .95"]), upper = unname(s$conf.int[, "upper .95"]),
    zph = sapply(transforms, function(t) list(terms = zph(m, t, FALSE), variables = zph(m, t, TRUE)), simplify = FALSE),
    concordance = list(estimate = unname(c_$concordance), se = unname(sqrt(c_$var)),
                       counts = as.list(if (is.matrix(c_$count)) colSums(c_$count) else c_$count)))
}
out <- list(
  days = answer(Surv(time, event) ~ trt + age + ecog + strata(site), "efron"),
  weeks = answer(Surv(weeks, event) ~ trt + age + ecog + strata(site), "efron"),
  breslow = answer(Surv(weeks, event) ~ trt + age + ecog + strata(site), "breslow"),
  late = answer(Surv(late, time, event) ~ trt + age + ecog + strata(site), "efron"),
  strata = answer(Surv(weeks, event) ~ trt + age + strata(site, ecog), "efron"))
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), pretty = TRUE, matrix = "rowmajor"), "cox_companions.json")
