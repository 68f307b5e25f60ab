# Rscript meta_analysis.R: estimates of several sites combined by metafor. R 4.2.2; metafor 3.8-1; survival 3.5-3.
# lung, rottgbsg: each site's own Cox model of the arm (Efron), of sites with an event in each arm and an error up to 10;
# made_up: estimates that vary. hts is by the formula of Higgins, Thompson and Spiegelhalter (2009), eq. 12.
library(jsonlite); suppressMessages(library(metafor)); suppressMessages(library(survival))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
tight <- coxph.control(eps = 1e-13, iter.max = 200, toler.chol = 1e-14)
exact <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)
combined <- function(y, se, method, test) {
  m <- rma(y, sei = se, method = method, test = test, control = exact); p <- predict(m)
  list(coef = as.numeric(m$beta), se = m$se, lower = m$ci.lb, upper = m$ci.ub, p = m$pval, tau2 = m$tau2, i2 = m$I2 / 100,
       q = m$QE, q_p = m$QEp, pi = c(p$pi.lb, p$pi.ub))
}
answers <- function(y, se) {
  of <- lapply(setNames(nm = c("FE", "DL", "REML", "PM")), function(method) list(
    z = combined(y, se, method, "z"), knha = if (method != "FE") combined(y, se, method, "knha")))
  r <- of$REML$z; k <- length(y); t <- if (k > 2) qt(0.975, k - 2) else NA
  c(list(y = y, se = se), of, list(hts = r$coef + c(-1, 1) * t * sqrt(r$tau2 + r$se^2)))
}
sites <- function(name) {
  d <- read.csv(file.path(here, "../../shared/riskset/datasets", paste0(name, ".csv")))
  d <- d[complete.cases(d[, intersect(names(d), c("age", "ph_ecog", "wt_loss"))]), ] # as lung.json
  own <- lapply(split(d, d$site), function(s) {
    if (any(tapply(s$event, factor(s$trt, 0:1), sum, default = 0) == 0)) return(NULL)
    m <- suppressWarnings(coxph(Surv(time, event) ~ trt, data = s, control = tight))
    if (sqrt(m$var[1]) > 10) NULL else list(site = as.character(s$site[1]), n = m$n, events = m$nevent, coef = unname(coef(m)), se = sqrt(m$var[1]))
  })
  own <- unname(own[!sapply(own, is.null)])
  common <- coxph(Surv(time, event) ~ trt + strata(site), data = d, control = tight)
  each <- sapply(split(d, d$site), function(s) { # a separated site enters with the supremum of its log likelihood
    if (sum(s$event) == 0) return(c(0, 0))
    m <- suppressWarnings(coxph(Surv(time, event) ~ trt, data = s, control = coxph.control(eps = 1e-13, iter.max = 50)))
    c(tail(m$loglik, 1), !is.na(coef(m))) })
  chi2 <- 2 * (sum(each[1, ]) - common$loglik[2]); df <- sum(each[2, ]) - 1
  without <- lapply(setNames(nm = unique(as.character(d$site))), function(k) {
    m <- coxph(Surv(time, event) ~ trt + strata(site), data = d[d$site != k, ], control = tight)
    list(coef = unname(coef(m)), se = sqrt(m$var[1]), n = m$n, events = m$nevent) })
  c(answers(sapply(own, `[[`, "coef"), sapply(own, `[[`, "se")), list(own = own, n = nrow(d), without = without,
    common = list(coef = unname(coef(common)), se = sqrt(common$var[1])),
    likelihood_ratio = list(chi2 = chi2, df = df, p = pchisq(chi2, df, lower.tail = FALSE))))
}
# adjusted for age
adjusted <- local({
  d <- read.csv(file.path(here, "../../shared/riskset/datasets/rottgbsg.csv")); f <- function(d) {
    m <- coxph(Surv(time, event) ~ trt + age + strata(site), data = d, control = tight); list(coef = unname(coef(m)[1]), se = sqrt(m$var[1, 1])) }
  list(common = f(d), own = lapply(split(d, d$site), f)) })
out <- list(lung = sites("lung"), rottgbsg = sites("rottgbsg"),
  made_up = answers(c(-0.9, -0.1, 0.4, -0.5, 0.05, -1.3), c(0.2, 0.25, 0.3, 0.15, 0.4, 0.35)),
  adjusted = adjusted, three = answers(c(-0.6, 0.1, -0.3), c(0.2, 0.15, 0.3)))
write(toJSON(out, digits = I(17), auto_unbox = TRUE, pretty = TRUE, na = "null"), file.path(here, "meta_analysis.json"))
