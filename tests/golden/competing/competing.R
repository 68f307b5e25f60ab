# Competing risks by R: Rscript competing.R (from this folder; survival 3.5, cmprsk 2.2; 17 significant digits).
# Data: every fifth patient of survival::rotterdam (LGPL >= 2). Death without relapse competes with it; times in steps of 28 days,
# so that there are ties. Four sites of unequal sizes, made up from the patient number; arm: hormonal treatment.
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
r <- rotterdam[seq(1, nrow(rotterdam), 5), ]
d <- data.frame(patient = r$pid, days = ceiling(pmin(r$rtime, r$dtime) / 28), relapse = r$recur,
                death = as.integer(r$recur == 0 & r$death == 1), arm = r$hormon, age = r$age, meno = r$meno,
                site = c("A", "A", "B", "C", "A", "B", "D")[r$pid %% 7 + 1])
write.csv(d, "rotterdam.csv", row.names = FALSE, quote = FALSE)
d$id <- seq_len(nrow(d)); d$ev <- ifelse(d$relapse == 1, 1, 2 * d$death)
d$f <- factor(d$ev, 0:2, c("censored", "relapse", "death"))
times <- c(6, 13, 32, 65, 130)
aj <- lapply(setNames(nm = c("log", "log-log", "plain")), function(type) {
  one <- function(formula) {
    s <- summary(survfit(formula, data = d, id = id, conf.type = type), times = times, extend = TRUE)
    list(time = s$time, estimate = s$pstate[, 2:3], std_error = s$std.err[, 2:3], lower = s$lower[, 2:3], upper = s$upper[, 2:3])
  }
  list(overall = one(Surv(days, f) ~ 1), by_arm = one(Surv(days, f) ~ arm))
})
gray <- cuminc(d$days, d$ev, d$arm, cencode = 0)$Tests
gray_sites <- cuminc(d$days, d$ev, d$site, cencode = 0)$Tests
ctl <- coxph.control(eps = 1e-13)
# one censoring curve for each site
fg <- finegray(Surv(days, f) ~ . + strata(site), data = d[, c("days", "f", "arm", "age", "meno", "site", "id")], id = id, etype = "relapse")
terms <- c("arm", "age", "meno")
fit <- lapply(setNames(nm = c("efron", "breslow")), function(ties) {
  m <- coxph(Surv(fgstart, fgstop, fgstatus) ~ arm + age + meno + strata(site), data = fg, weights = fgwt, ties = ties, robust = FALSE, control = ctl)
  list(coef = as.list(coef(m)), se = as.list(setNames(sqrt(diag(m$var)), terms)), loglik = m$loglik, n = nrow(d), events = sum(d$ev == 1))
})
cs <- coxph(Surv(days, ev == 1) ~ arm + age + meno + strata(site), data = d, control = ctl)
lr <- function(formula, rho) { s <- survdiff(formula, data = d, rho = rho); list(obs = rowSums(s$obs), exp = rowSums(s$exp), var = s$var, chisq = s$chisq) }
out <- list(times = times, aalen_johansen = aj, gray = gray, gray_sites = gray_sites, finegray_strata_site = fit,
  cause_specific_strata_site = list(coef = as.list(coef(cs)), se = as.list(setNames(sqrt(diag(cs$var)), terms)), loglik = cs$loglik),
  logrank_strata_site_meno = list(rho0 = lr(Surv(days, ev == 1) ~ arm + strata(site, meno), 0), rho1 = lr(Surv(days, ev == 1) ~ arm + strata(site, meno), 1)))
writeLines(toJSON(out, digits = I(17), auto_unbox = TRUE, na = "null", pretty = TRUE, matrix = "rowmajor"), "competing.json")
