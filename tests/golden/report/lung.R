# Writes lung.json: a results.json as the coordinator writes it, its numbers made by R's survival and not by riskset.
# Data: survival::lung (NCCTG), institution known and all covariates present; institutions under 10 patients are "other".
# Times on the 7-day grid of the study: a day t counts at 7 * ceiling(t / 7).
# Run: Rscript lung.R > lung.json
suppressMessages(library(survival))
library(jsonlite)

days_per_unit <- 30.4375
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)
d <- survival::lung
d <- d[complete.cases(d[, c("inst", "time", "status", "sex", "age", "ph.ecog", "wt.loss")]), ]
d$site <- ifelse(table(d$inst)[as.character(d$inst)] < 10, "other", sprintf("ncctg_%02d", d$inst))
d$sex <- factor(d$sex, 1:2, c("male", "female"))
d$ecog <- factor(ifelse(d$ph.ecog >= 2, "2+", d$ph.ecog), c("0", "1", "2+"))
d$event <- d$status == 2
d$step <- 7 * ceiling(d$time / 7)

null <- function(x) ifelse(is.finite(x), x, NA)

quantile_of <- function(fit, p) {
  q <- quantile(fit, p)
  list(probability = p, estimate = null(q$quantile[[1]]), lower = null(q$lower[[1]]), upper = null(q$upper[[1]]))
}

landmark <- function(fit, months) {
  day <- months * days_per_unit
  s <- summary(fit, times = day, extend = TRUE)
  list(time = months, day = day, at_risk = s$n.risk, survival = s$surv, std_error = s$std.err,
       lower = null(s$lower), upper = null(s$upper))
}

arm <- function(rows, level) {
  fit <- survfit(Surv(step, event) ~ 1, rows, conf.type = "log-log")
  s <- summary(fit, censored = TRUE)
  quartiles <- lapply(c(0.25, 0.5, 0.75), function(p) quantile_of(fit, p))
  list(level = level, n = nrow(rows), events = sum(rows$event), median_days = quartiles[[2]][-1], quartiles = quartiles,
       landmarks = lapply(c(6, 12, 24), function(m) landmark(fit, m)),
       curve = list(day = s$time, at_risk = s$n.risk, events = s$n.event, censored = s$n.censor, survival = s$surv,
                    std_error = s$std.err, lower = null(s$lower), upper = null(s$upper)))
}

log_rank <- function(formula) {
  test <- survdiff(formula, d)
  total <- function(x) if (is.matrix(x)) rowSums(x) else x
  list(chi2 = test$chisq, df = 1, p = pchisq(test$chisq, 1, lower.tail = FALSE),
       observed = total(test$obs), expected = total(test$exp), variance = test$var)
}

test_of <- function(chi2, df) list(chi2 = chi2, df = df, p = pchisq(chi2, df, lower.tail = FALSE))

# column of R, variable and level of the study
columns <- list(sexfemale = c("sex", "female", "male"), age = "age", ecog1 = c("ecog", "1", "0"), `ecog2+` = c("ecog", "2+", "0"),
                wt.loss = "wt_loss")

term <- function(row, s) {
  name <- columns[[row]]
  level <- if (length(name) > 1) list(level = name[2], reference = name[3]) else list(level = NA)
  c(list(variable = name[1]), level,
    list(coef = s$coefficients[row, 1], se = s$coefficients[row, 3], robust_se = NA, hr = s$conf.int[row, 1],
         lower = s$conf.int[row, 3], upper = s$conf.int[row, 4], z = s$coefficients[row, 4], p = s$coefficients[row, 5]))
}

cox <- function(id, variables) {
  fit <- coxph(reformulate(c(variables, "strata(site)"), "Surv(time, event)"), d, ties = "efron", control = exact)
  s <- summary(fit)
  list(id = id, analysis = "cox", kind = "cox", endpoint = "os", population = "all", status = "ok", baseline = "site", ties = "efron",
       n = fit$n, events = fit$nevent, iterations = fit$iter,
       log_likelihood = list(null = fit$loglik[1], fitted = fit$loglik[2]),
       terms = lapply(rownames(s$coefficients), term, s = s), covariance = unname(vcov(fit)),
       tests = list(likelihood_ratio = test_of(2 * diff(fit$loglik), nrow(s$coefficients)),
                    wald = test_of(fit$wald.test, nrow(s$coefficients)), score = test_of(fit$score, nrow(s$coefficients))))
}

survival <- list(
  id = "km/os/all", analysis = "survival", kind = "km", endpoint = "os", population = "all", status = "ok",
  variable = "sex", reference = "male",
  grid = list(width_days = 7, max_days = 1099, approximate = FALSE), limits = "log-log", level = 0.95,
  overall = arm(d, NA), arms = list(arm(d[d$sex == "male", ], "male"), arm(d[d$sex == "female", ], "female")),
  log_rank = log_rank(Surv(step, event) ~ sex), log_rank_by_site = log_rank(Surv(step, event) ~ sex + strata(site)))

univariable <- c("sex", "age", "ecog", "wt.loss")
ids <- paste0("cox/os/all/univariable/", sub("wt.loss", "wt_loss", univariable))
models <- c(Map(cox, ids, univariable), list(cox("cox/os/all/multivariable", univariable)))

results <- list(schema = 1,
  study = list(id = "lung-demo", version = "1.0.0", sha256 = paste(rep("5ca1ab1e", 8), collapse = ""),
               title = list(en = "Survival in advanced lung cancer by sex and performance status")),
  run = "2026-11-22-a1b2c3", sites = sort(unique(d$site)), time = list(unit = "month", days_per_unit = days_per_unit),
  results = c(list(survival), unname(models)))
cat(toJSON(results, auto_unbox = TRUE, digits = NA, na = "null", null = "null"), "\n")
