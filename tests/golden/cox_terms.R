#!/usr/bin/env Rscript
# Cox models of lung with interactions, restricted cubic splines and a landmark, each with strata(site); complete cases.
# usage: Rscript cox_terms.R   -> cox_terms.json beside it (R 4.2, survival 3.5-3, splines)
suppressMessages({library(survival); library(splines); library(jsonlite)})
d <- read.csv("../../shared/riskset/datasets/lung.csv")
d <- d[complete.cases(d[, c("site", "time", "event", "trt", "age", "ph_ecog")]), ]
d$ecog <- factor(ifelse(d$ph_ecog >= 2, "2+", d$ph_ecog))
ctl <- coxph.control(eps = 1e-14, iter.max = 200, toler.chol = 1e-15)
answer <- function(formula, data = d)  {
  m <- coxph(formula, data, ties = "efron", control = ctl)
  list(n = m$n, events = m$nevent, coef = unname(coef(m)), vcov = unname(vcov(m)), loglik = m$loglik)
}
# Harrell's restricted cubic spline, as Hmisc::rcspline.eval(x, knots, norm = 2) has it
rcs <- function(x, t) {
  k <- length(t)
  sapply(1:(k - 2), function(j) (pmax(x - t[j], 0)^3 - pmax(x - t[k - 1], 0)^3 * (t[k] - t[j]) / (t[k] - t[k - 1]) +
    pmax(x - t[k], 0)^3 * (t[k - 1] - t[j]) / (t[k] - t[k - 1])) / (t[k] - t[1])^2)
}
t <- c(50, 60, 65, 75)
B <- rcs(d$age, t)
spline <- answer(Surv(time, event) ~ trt + age + B + strata(site))
at <- 3:4
chi2 <- drop(spline$coef[at] %*% solve(spline$vcov[at, at], spline$coef[at]))
spline$linearity <- list(chi2 = chi2, df = 2, p = pchisq(chi2, 2, lower.tail = FALSE))
lr <- 2 * (spline$loglik[2] - answer(Surv(time, event) ~ trt + age + strata(site))$loglik[2])
spline$likelihood_ratio <- list(chi2 = lr, df = 2, p = pchisq(lr, 2, lower.tail = FALSE))
points <- seq(t[1], t[4], length.out = 41)[c(1, 11, 41)]
x <- cbind(points, rcs(points, t)) - rep(c(60, rcs(c(60, 60), t)[1, ]), each = 3)
spline$curve <- list(at = points, coef = drop(x %*% spline$coef[2:4]), se = sqrt(rowSums((x %*% spline$vcov[2:4, 2:4]) * x)))
# the same space of functions by splines::ns: another basis, the same likelihood
ns_ <- coxph(Surv(time, event) ~ trt + ns(age, knots = t[2:3], Boundary.knots = t[c(1, 4)]) + strata(site), d, control = ctl)
spline$loglik_ns <- ns_$loglik
log_spline <- answer(Surv(time, event) ~ log(age) + rcs(log(d$age), log(c(50, 60, 70))) + strata(site))
late <- d[d$time > 3 * 30.4375, ]
late$time <- late$time - floor(3 * 30.4375)
out <- list(
  interactions = answer(Surv(time, event) ~ trt + age + ecog + trt:age + trt:ecog + strata(site)),
  numbers = answer(Surv(time, event) ~ age + ph_ecog + age:ph_ecog + strata(site)),
  spline = spline, log_spline = log_spline,
  landmark = answer(Surv(time, event) ~ trt + age + strata(site), late))
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), pretty = TRUE, matrix = "rowmajor"), "cox_terms.json")
