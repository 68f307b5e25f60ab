# What R gives where a covariate is computed by a formula. Rscript formula.R > formula.json
suppressMessages({library(survival); library(jsonlite)})
sites <- list.files("sites", full.names = TRUE)
d <- do.call(rbind, lapply(sites, function(s)
  cbind(read.csv(file.path(s, "export.csv"), na.strings = "", stringsAsFactors = FALSE), site = basename(s))))
d <- d[as.numeric(d$age) >= 18 & d$child_pugh <= "B", ]
day <- function(x) as.numeric(as.Date(x))
d$event <- !is.na(d$death)
d$days <- ifelse(d$event, day(d$death), day(d$last_visit)) - day(d$start_2l)
d$drug <- factor(d$drug, c("sorafenib", "lenvatinib"))
d$score <- 0.66 * log10(d$afp * 17.1) - 0.085 * d$albi * 10 + log(d$age / 50) / 2
control <- coxph.control(eps = 1e-13, iter.max = 200, toler.chol = 1e-14)
f <- coxph(Surv(days, event) ~ drug + score + strata(site), d, control = control)
out <- list(R = R.version.string, survival = as.character(packageVersion("survival")), n = f$n, events = f$nevent,
            score = range(d$score), coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), loglik = f$loglik)
cat(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null", pretty = TRUE))
