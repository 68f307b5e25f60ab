#!/usr/bin/env Rscript
# Four hospitals of unlike sizes (one with 2 patients, one without the third stage, one without the new arm), tied whole
# days, days 0, late entries, a covariate that differs by site: coxph by site, survfit and survdiff, with and without entries.
# usage: Rscript many_sites.R   -> many_sites.json beside it (R 4.2, survival 3.5-3)
suppressMessages({library(survival); library(jsonlite)})
set.seed(20261122)
sizes <- c(busan = 120, kurume = 61, seoul = 37, tokyo = 2)
n <- sum(sizes)
d <- data.frame(site = rep(names(sizes), sizes))
d$arm <- ifelse(d$site == "seoul", 0, rbinom(n, 1, .45))
d$stage <- sample(1:3, n, TRUE, c(.5, .3, .2)); d$stage[d$site == "kurume" & d$stage == 3] <- 2
d$age <- round(rnorm(n, ifelse(d$site == "busan", 62, 55), 9))
d$afp <- round(exp(rnorm(n, 3, 2)), 1)
risk <- .03 * (d$age - 60) - .5 * d$arm + .35 * d$stage + .1 * log10(d$afp + 1)
d$entry <- ifelse(runif(n) < .4, sample(0:50, n, TRUE), 0L)
d$days <- d$entry + 1L + 5L * as.integer(rexp(n, exp(risk) / 60))
d$dead <- rbinom(n, 1, .75)
d$early <- pmax(d$days - 40L, 0L)   # without entries: many on day 0
d$stage <- factor(d$stage, labels = c("I", "II", "III"))
ctl <- coxph.control(eps = 1e-13, iter.max = 200, toler.chol = 1e-14)
right <- ~ arm + age + stage + log10(afp + 1) + strata(site)
cases <- list(early = "Surv(early, dead)", late = "Surv(entry, days, dead)")
out <- list(R = R.version.string, survival = as.character(packageVersion("survival")), data = d)
for (case in names(cases)) {
  for (ties in c("efron", "breslow")) {
    m <- coxph(update(right, paste(cases[[case]], "~ .")), d, ties = ties, control = ctl)
    s <- summary(m, conf.int = .95)
    out$cox[[case]][[ties]] <- list(coef = unname(coef(m)), se = unname(sqrt(diag(vcov(m)))), vcov = unname(vcov(m)),
      lower = unname(s$conf.int[, 3]), upper = unname(s$conf.int[, 4]), p = unname(s$coefficients[, 5]),
      loglik = m$loglik, score = m$score, wald = c(coef(m) %*% solve(vcov(m), coef(m))))
  }
  for (kind in c("log", "log-log", "plain")) {
    f <- survfit(as.formula(paste(cases[[case]], "~ arm")), d, conf.type = kind)
    q <- quantile(f, c(.25, .5, .75))
    at <- summary(f, times = c(0, 30, 90, 200), extend = TRUE)
    out$km[[case]][[kind]] <- lapply(1:2, function(i) {
      own <- f[i]; left <- own$n.event + own$n.censor > 0; mark <- as.integer(at$strata) == i
      list(day = own$time[left], at_risk = own$n.risk[left], events = own$n.event[left], censored = own$n.censor[left],
        survival = own$surv[left], std_error = (own$surv * own$std.err)[left], lower = own$lower[left], upper = own$upper[left],
        quartiles = unname(cbind(q$quantile[i, ], q$lower[i, ], q$upper[i, ])),
        landmarks = list(survival = at$surv[mark], std_error = at$std.err[mark], lower = at$lower[mark], upper = at$upper[mark]))
    })
  }
}
test <- function(formula) { t <- survdiff(formula, d); list(obs = if (is.matrix(t$obs)) rowSums(t$obs) else t$obs,
  exp = if (is.matrix(t$exp)) rowSums(t$exp) else t$exp, var = t$var, chisq = t$chisq) }
out$log_rank$early <- list(pooled = test(Surv(early, dead) ~ arm), by_site = test(Surv(early, dead) ~ arm + strata(site)))
# survdiff takes no entries, so for them its definition: at each time, a hypergeometric draw from those at risk
defined <- function(d, entry, days) {
  sums <- sapply(sort(unique(days[d$dead == 1])), function(t) {
    at_risk <- entry < t & days >= t; dies <- d$dead == 1 & days == t
    n <- sum(at_risk); m <- sum(dies); n1 <- sum(at_risk & d$arm == 1)
    c(sum(dies & d$arm == 1), m * n1 / n, if (n > 1) m * (n - m) / (n - 1) * n1 / n * (1 - n1 / n) else 0)
  })
  rowSums(sums)
}
by_site <- function(entry, days) Reduce(`+`, lapply(split(seq_len(n), d$site), function(i) defined(d[i, ], entry[i], days[i])))
chisq <- function(s) list(chisq = (s[1] - s[2])^2 / s[3])
none <- rep(-1, n)
stopifnot(all.equal(chisq(defined(d, none, d$early))$chisq, out$log_rank$early$pooled$chisq),
          all.equal(chisq(by_site(none, d$early))$chisq, out$log_rank$early$by_site$chisq))
out$log_rank$late <- list(pooled = chisq(defined(d, d$entry, d$days)), by_site = chisq(by_site(d$entry, d$days)))
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), na = "null", matrix = "rowmajor", dataframe = "columns"), "many_sites.json")
