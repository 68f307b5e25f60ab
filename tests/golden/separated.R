#!/usr/bin/env Rscript
# Finite ends of profile-likelihood intervals of separated columns: coxph with the column as an offset b * x, all other
# covariates estimated, strata(site); l_sup from a fit with a huge b; uniroot for 2 (l_sup - l(b)) = qchisq(0.95, 1).
# usage: Rscript separated.R   -> separated.json beside it (R 4.2, survival 3.5-3)
# (coxph keeps every linear predictor between -200 and 22, so offsets are counted down from 0 and end above -200.)
suppressMessages({library(survival); library(jsonlite)})
set.seed(20261122)
n <- 240
d <- data.frame(site = sample(c("asan", "kurume", "shinshu"), n, TRUE), x = round(rnorm(n), 2),
                age = round(runif(n, 40, 90)), z = rbinom(n, 1, .4))
d$time <- 1L + as.integer(rexp(n, exp(-4 + .5 * d$x + .02 * (d$age - 60))))
d$event <- rbinom(n, 1, .6)
d$flag <- rbinom(n, 1, .04)                       # a rare finding, of whose patients none has the event ...
d$event[d$flag == 1] <- 0L
d$score <- NA_integer_                            # ... and a score that orders the events of every site
for (s in unique(d$site)) {
  at <- which(d$site == s); quarter <- cut(d$time[at], c(0, 10, 25, 60, Inf), labels = FALSE)
  d$score[at] <- ifelse(d$event[at] == 1, 5L - quarter, pmin(5L - quarter, sample(0:3, length(at), TRUE)))
}
ctl <- coxph.control(eps = 1e-14, iter.max = 200, toler.chol = 1e-15)
limit <- function(column, others, ties, towards) {
  f <- reformulate(c(others, "strata(site)", "offset(eta)"), "Surv(time, event)")
  profile <- function(b) {
    eta <- b * d[[column]]
    d$eta <- eta - max(eta)
    tail(coxph(f, d, ties = ties, control = ctl)$loglik, 1)
  }
  sup <- profile(towards)
  gap <- function(b) 2 * (sup - profile(b)) - qchisq(0.95, 1)
  b <- uniroot(gap, sort(c(-towards / 20, towards / 4)), tol = 1e-13, maxiter = 1000)$root
  list(coef = b, hr = exp(b), supremum = sup, gap = gap(b))
}
cases <- list(flag_alone = list("flag", character(), -40), score_alone = list("score", character(), 40),
              flag = list("flag", c("x", "age", "z"), -40), score = list("score", c("x", "age", "z"), 40))
limits <- list()
for (ties in c("efron", "breslow")) for (name in names(cases))
  limits[[ties]][[name]] <- limit(cases[[name]][[1]], cases[[name]][[2]], ties, cases[[name]][[3]])
out <- list(R = R.version.string, survival = as.character(packageVersion("survival")), data = d, limits = limits)
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), na = "null", dataframe = "columns"), "separated.json")
