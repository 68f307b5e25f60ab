#!/usr/bin/env Rscript
# coxph with case weights, left truncation, strata and ties at once, and survfit with entries: cases `oracle.R` has not.
# usage: Rscript weights_entry_strata.R   -> weights_entry_strata.json beside it (R 4.2, survival 3.5-3)
suppressMessages({library(survival); library(jsonlite)})
set.seed(20250317)
n <- 160
d <- data.frame(x = round(rnorm(n), 2), z = rbinom(n, 1, .4), s = sample(1:3, n, TRUE), w = round(runif(n, .2, 3), 2))
d$entry <- sample(0:30, n, TRUE)
d$time <- d$entry + 1L + as.integer(rexp(n, exp(-3 + .5 * d$x - .4 * d$z)))
d$event <- rbinom(n, 1, .7)
ctl <- coxph.control(eps = 1e-13, iter.max = 200, toler.chol = 1e-14)
cases <- list(
  weights = Surv(time, event) ~ x + z,
  entry = Surv(entry, time, event) ~ x + z,
  weights_entry = Surv(entry, time, event) ~ x + z,
  weights_strata = Surv(time, event) ~ x + z + strata(s),
  weights_entry_strata = Surv(entry, time, event) ~ x + z + strata(s))
fits <- list()
for (ties in c("efron", "breslow")) for (name in names(cases)) {
  if (grepl("weights", name)) m <- coxph(cases[[name]], d, weights = w, ties = ties, control = ctl, robust = FALSE)
  else m <- coxph(cases[[name]], d, ties = ties, control = ctl)
  fits[[ties]][[name]] <- list(coef = unname(coef(m)), vcov = unname(vcov(m)), loglik = m$loglik, score = m$score)
}
f <- survfit(Surv(entry, time, event) ~ 1, d, conf.type = "log-log")
left <- f$n.event + f$n.censor > 0
curve <- list(day = f$time[left], at_risk = f$n.risk[left], events = f$n.event[left], survival = f$surv[left],
              std_error = (f$surv * f$std.err)[left], lower = f$lower[left], upper = f$upper[left])
out <- list(R = R.version.string, survival = as.character(packageVersion("survival")), data = d, cox = fits, curve = curve)
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), na = "null", matrix = "rowmajor", dataframe = "columns"),
           "weights_entry_strata.json")
