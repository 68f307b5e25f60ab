#!/usr/bin/env Rscript
# Subgroups of lung, dealt to three sites by id, with strata(site): own fits, tests of interaction, hazard ratios by the model with interaction.
# usage: Rscript subgroup.R   -> subgroup.json beside it (R 4.2, survival 3.5-3)
suppressMessages({library(survival); library(jsonlite)})
d <- read.csv("../../shared/riskset/datasets/lung.csv")
d <- d[complete.cases(d[, c("site", "time", "event", "trt", "age", "ph_ecog")]), ]
d$site <- d$id %% 3
d$ecog <- factor(ifelse(d$ph_ecog >= 2, "2+", d$ph_ecog))
d$old <- factor(ifelse(d$age >= 65, "true", "false"))
ctl <- coxph.control(eps = 1e-14, iter.max = 200, toler.chol = 1e-15)
fit <- function(rhs, data, ties) {
  coxph(as.formula(paste("Surv(time, event) ~", rhs, "+ strata(site)")), data, ties = ties, control = ctl)
}
arm <- function(m) list(n = m$n, events = m$nevent, coef = unname(coef(m)[1]), se = sqrt(vcov(m)[1, 1]))
by <- function(v, adjusted, ties) {
  besides <- paste(c("", adjusted), collapse = " + ")
  main <- fit(paste("trt +", v, besides), d, ties)
  crossed <- fit(paste("trt +", v, besides, "+ trt:", v), d, ties)
  i <- grep("trt:", names(coef(crossed)))
  lr <- 2 * (crossed$loglik[2] - main$loglik[2])
  wald <- drop(coef(crossed)[i] %*% solve(vcov(crossed)[i, i], coef(crossed)[i]))
  levels <- lapply(levels(d[[v]]), function(l) {
    j <- c(1, i[grepl(paste0(v, l), names(coef(crossed))[i], fixed = TRUE)])
    own <- d[d[[v]] == l, ]
    c(arm(fit(paste("trt", besides), own, ties)), list(level = l,
      arms = lapply(0:1, function(a) list(n = sum(own$trt == a), events = sum(own$event[own$trt == a]))),
      model = list(coef = sum(coef(crossed)[j]), se = sqrt(sum(vcov(crossed)[j, j])))))
  })
  list(overall = arm(fit(paste("trt", besides), d, ties)), levels = levels, df = length(i),
    lr = lr, lr_p = pchisq(lr, length(i), lower.tail = FALSE), wald = wald, wald_p = pchisq(wald, length(i), lower.tail = FALSE))
}
out <- list(crude = list(ecog = by("ecog", c(), "efron")), adjusted = list(old = by("old", "ecog", "breslow")))
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), pretty = TRUE), "subgroup.json")
