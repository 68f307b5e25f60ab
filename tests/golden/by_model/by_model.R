# What R gives where each model has the rows that are complete in its own covariates. Rscript by_model.R > by_model.json
suppressMessages({library(survival); library(jsonlite)})
sites <- list.files("sites", full.names = TRUE)
d <- do.call(rbind, lapply(sites, function(s)
  cbind(read.csv(file.path(s, "export.csv"), na.strings = "", stringsAsFactors = FALSE), site = basename(s))))
d <- d[as.numeric(d$age) >= 18 & d$child_pugh <= "B", ]
day <- function(x) as.numeric(as.Date(x))
d$event <- !is.na(d$death)
d$days <- ifelse(d$event, day(d$death), day(d$last_visit)) - day(d$start_2l)
d$drug <- factor(d$drug, c("sorafenib", "lenvatinib"))
d$etiology <- factor(d$etiology, c("HBV", "HCV", "other"))
d$mvi <- d$mvi == "True"
control <- coxph.control(eps = 1e-13, iter.max = 200, toler.chol = 1e-14)
model <- function(covariates) {
  f <- coxph(as.formula(paste("Surv(days, event) ~", paste(covariates, collapse = "+"), "+ strata(site)")), d, control = control)
  list(n = f$n, events = f$nevent, coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))))
}
km <- survfit(Surv(days, event) ~ drug, d, conf.type = "log-log")
q <- quantile(km, 0.5)
alone <- c("drug", "age", "etiology", "mvi", "ecog")
out <- list(
  R = R.version.string, survival = as.character(packageVersion("survival")),
  curves = list(n = unname(km$n), events = unname(summary(km)$table[, "events"]),
                median = unname(q$quantile[, 1]), lower = unname(q$lower[, 1]), upper = unname(q$upper[, 1])),
  univariable = setNames(lapply(alone, model), alone),
  multivariable = model(c("drug", "age", "etiology", "mvi")))
cat(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null", pretty = TRUE))
