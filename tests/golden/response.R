# Rscript response.R: yes-no outcomes by arm, pooled and by site. R 4.2.2; metafor 3.8-1.
# lung: dead within 180 days; its 18 institutions are made 4 sites. rhdnase: an exacerbation within 60 days; 51 sites.
library(jsonlite); suppressMessages(library(metafor))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
z <- qnorm(0.975)
wilson <- function(x, n) suppressWarnings(as.numeric(prop.test(x, n, correct = FALSE)$conf.int))
answers <- function(name, days, sites) {
  d <- read.csv(file.path(here, "../../shared/riskset/datasets", paste0(name, ".csv")))
  d$site <- (as.integer(factor(d$site)) - 1) %% sites
  y <- as.integer(d$time <= days & d$event == 1)
  a <- table(factor(d$trt, 1:0), factor(y, 1:0)); x <- a[, 1]; n <- rowSums(a); p <- x / n
  w1 <- wilson(x[1], n[1]); w0 <- wilson(x[2], n[2]); f <- fisher.test(a)
  lo <- log(a[1,1] * a[2,2] / (a[1,2] * a[2,1])); so <- sqrt(sum(1 / a))
  lr <- log(p[1] / p[2]); sr <- sqrt(1/x[1] - 1/n[1] + 1/x[2] - 1/n[2])
  k <- table(factor(d$trt, 1:0), factor(y, 1:0), d$site); k <- k[,, apply(k, 3, sum) > 1]
  informative <- apply(k, 3, function(m) all(rowSums(m) > 0) & all(colSums(m) > 0))
  m <- mantelhaen.test(k, correct = FALSE); mc <- mantelhaen.test(k, correct = TRUE); psi <- unname(m$estimate)
  all <- table(factor(d$trt, 1:0), factor(y, 1:0), d$site)
  rd <- rma.mh(ai = all[1,1,], bi = all[1,2,], ci = all[2,1,], di = all[2,2,], measure = "RD")
  mh <- rowSums(sapply(which(informative), function(i) { t <- k[,,i]; r <- sum(t[1,]); s <- sum(t[2,]); c((t[1,1] * s - t[2,1] * r), r * s) / (r + s) }))
  bd <- sapply(which(informative), function(i) {
    t <- k[,,i]; r <- sum(t[1,]); s <- sum(t[2,]); c1 <- sum(t[,1])
    A <- uniroot(function(A) A * (s - c1 + A) - psi * (r - A) * (c1 - A), c(max(0, c1 - s), min(r, c1)), tol = 1e-15)$root
    v <- 1 / (1/A + 1/(r - A) + 1/(c1 - A) + 1/(s - c1 + A)); c(t[1,1], A, v) })
  X2 <- sum((bd[1,] - bd[2,])^2 / bd[3,]); tarone <- X2 - sum(bd[1,] - bd[2,])^2 / sum(bd[3,]); df <- ncol(bd) - 1
  list(days = days, of_sites = sites, x = rev(unname(x)), n = rev(unname(n)),
    clopper_pearson = list(as.numeric(binom.test(x[2], n[2])$conf.int), as.numeric(binom.test(x[1], n[1])$conf.int)),
    wilson = list(w0, w1),
    newcombe = unname(c(p[1] - p[2], p[1] - p[2] - sqrt((p[1] - w1[1])^2 + (w0[2] - p[2])^2), p[1] - p[2] + sqrt((w1[2] - p[1])^2 + (p[2] - w0[1])^2))),
    odds_ratio = exp(c(lo, lo - z * so, lo + z * so)), risk_ratio = unname(exp(c(lr, lr - z * sr, lr + z * sr))),
    fisher = list(p = f$p.value, odds_ratio = c(unname(f$estimate), f$conf.int)),
    cmh = list(sites = sum(informative), chi2 = unname(m$statistic), p = m$p.value, chi2_corrected = unname(mc$statistic), p_corrected = mc$p.value,
      odds_ratio = c(psi, m$conf.int), risk_difference = c(as.numeric(rd$beta), rd$ci.lb, rd$ci.ub), risk_difference_informative = mh[1] / mh[2]),
    breslow_day = list(chi2 = X2, df = df, p = pchisq(X2, df, lower.tail = FALSE), tarone = tarone, p_tarone = pchisq(tarone, df, lower.tail = FALSE)))
}
out <- list(lung = answers("lung", 180, 4), rhdnase = answers("rhdnase", 60, 51))
write(toJSON(out, digits = I(15), auto_unbox = TRUE, pretty = TRUE), file.path(here, "response.json"))
