#!/usr/bin/env Rscript
# three_arms.json: three arms on a grid of 30 days, over lung. Usage: Rscript three_arms.R. 15 digits.
# Arm a, b, c: the patient's number modulo 3. Sites: modulo 4. Day of entry: 13 times the number modulo 80, or 0 if that is not
# before the last day. A day counts at the end of its step, an entry at the beginning. By site: the days as they are.
suppressMessages({library(survival); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
d <- read.csv(file.path(here, "..", "..", "shared", "riskset", "datasets", "lung.csv"), na.strings = "")
d <- d[!is.na(d$ph_ecog), ]
d$arm <- factor(c("a", "b", "c")[d$id %% 3 + 1]); d$at <- d$id %% 4
d$entry <- ifelse((13 * d$id) %% 80 < d$time, (13 * d$id) %% 80, 0)
d$g <- 30 * ceiling(d$time / 30); d$from <- 30 * floor(d$entry / 30)
d$old <- as.integer(d$age >= 65)
times <- c(90, 180, 360, 720)
curve <- function(S, rows) {
  f <- survfit(S[rows] ~ 1, conf.type = "log-log"); s <- summary(f, times = times, extend = TRUE)
  list(survival = s$surv, std_error = s$std.err, lower = s$lower, upper = s$upper, at_risk = s$n.risk, median = unname(summary(f)$table["median"]))
}
curves <- function(S) lapply(levels(d$arm), function(a) curve(S, d$arm == a))
# log-rank test with late entry: sums of observed - expected over strata, hypergeometric variance
log_rank <- function(from, to, event, strata) {
  arms <- as.integer(d$arm); O <- rep(0, 3); V <- matrix(0, 3, 3)
  for (s in unique(strata)) for (u in unique(to[strata == s & event == 1])) {
    at <- strata == s & from < u & to >= u
    n <- tabulate(arms[at], 3); m <- tabulate(arms[at & to == u & event == 1], 3); N <- sum(n); D <- sum(m)
    O <- O + m - n * D / N
    if (N > 1) V <- V + D * (N - D) / (N - 1) * (diag(n / N) - outer(n / N, n / N))
  }
  drop(t(O[-1]) %*% solve(V[-1, -1]) %*% O[-1])
}
zero <- rep(-1, nrow(d))
chi2 <- function(formula) survdiff(formula, data = d)$chisq
mean_to <- function(tau) lapply(levels(d$arm), function(a) {
  t <- summary(survfit(Surv(g, event) ~ 1, data = d[d$arm == a, ]), rmean = tau)$table
  unname(t[c("rmean", "se(rmean)")])
})
# proportional hazards: the fit on the days as they are, the functions of time from the curve on the grid
m <- coxph(Surv(time, event) ~ arm + age + strata(at), data = d, control = coxph.control(eps = 1e-13, toler.chol = 1e-14))
all <- survfit(Surv(g, event) ~ 1, data = d)
km <- function(x) sapply(30 * ceiling(x / 30), function(u) 1 - c(1, all$surv)[sum(all$time < u) + 1])
ranks <- function(x) rank(d$g)[match(30 * ceiling(x / 30), d$g)]
zph <- lapply(list(km = km, rank = ranks, identity = "identity"), function(of) list(
  terms = unname(cox.zph(m, of, terms = FALSE)$table[, 1]), variables = unname(cox.zph(m, of)$table[, 1]), df = unname(cox.zph(m, of)$table[, 2])))
rates <- lapply(c("b", "c"), function(a) {
  own <- d[d$arm %in% c("a", a), ]; K <- table(factor(own$arm, c(a, "a")), factor(own$old, 1:0), own$at)
  test <- mantelhaen.test(K, correct = FALSE)
  list(n = unname(K[1, 1, ] + K[1, 2, ]), fisher = fisher.test(apply(K, 1:2, sum))$p.value, cmh = unname(test$statistic), odds_ratio = c(unname(test$estimate), test$conf.int))
})
out <- list(times = times, n = as.integer(table(d$arm)), os = curves(Surv(d$g, d$event)), late = curves(Surv(d$from, d$g, d$event)),
  log_rank = list(os = chi2(Surv(g, event) ~ arm), os_by_site = chi2(Surv(time, event) ~ arm + strata(at)),
    late = log_rank(d$from, d$g, d$event, rep(1, nrow(d))), late_by_site = log_rank(d$entry, d$time, d$event, d$at),
    check = log_rank(zero, d$g, d$event, rep(1, nrow(d)))),
  rmst = mean_to(720), zph = zph, rates = rates)
stopifnot(all.equal(out$log_rank$check, out$log_rank$os))
write(toJSON(out, digits = I(15), auto_unbox = TRUE, matrix = "rowmajor", pretty = TRUE), file.path(here, "three_arms.json"))
