# Rscript table1.R: Table 1 by arm, each variable among the patients who have it. R 4.2.2.
# The tests within sites are of ranks within each site; coin and its like are not needed: van Elteren's sum of rank sums
# with weights 1/(n + 1), and the sum without weights, whose variance under permutation of a site's arms is that of the
# ranks drawn without replacement. lung's 18 institutions are made 4 sites; rhdnase has 51, rottgbsg 2.
# permutation: the same statistics of 8 patients in 2 sites, over all assignments of arms within sites.
library(jsonlite)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
data <- function(name) read.csv(file.path(here, "../../shared/riskset/datasets", paste0(name, ".csv")))

by_site <- function(x, arm, site, weighted) {
  e <- 0; v <- 0
  for (s in unique(site)) {
    own <- site == s; n <- sum(own); if (n < 2) next
    r <- rank(x[own]); a <- outer(arm[own], sort(unique(arm)), "==") + 0; w <- if (weighted) 1 / (n + 1) else 1
    e <- e + w * (t(a) %*% r - colSums(a) * (n + 1) / 2)
    m <- colSums(a); v <- v + w^2 * var(r) / n * (n * diag(m) - m %o% m)
  }
  e <- e[-1]; v <- v[-1, -1, drop = FALSE]
  chi2 <- as.numeric(e %*% solve(v, e)); df <- length(e)
  list(chi2 = chi2, df = df, p = pchisq(chi2, df, lower.tail = FALSE), excess = e)
}
test_of <- function(t) list(t = unname(-t$statistic), df = unname(t$parameter), p = t$p.value)
number <- function(d, v) {
  e <- d[!is.na(d[[v]]), ]; x <- e[[v]]; g <- split(x, e$trt); m <- sapply(g, mean); s <- sapply(g, sd)
  list(n = as.integer(table(e$trt)), missing = as.integer(table(d$trt) - table(e$trt)), mean = unname(m), sd = unname(s),
    mean_all = mean(x), sd_all = sd(x), quartiles = lapply(unname(g), function(x) unname(quantile(x, 1:3 / 4))), quartiles_all = unname(quantile(x, 1:3 / 4)),
    smd = unname((m[2] - m[1]) / c(sqrt(mean(s^2)), s[2], s[1])),
    t = test_of(t.test(x ~ e$trt, var.equal = TRUE)), welch = test_of(t.test(x ~ e$trt)),
    van_elteren = by_site(x, e$trt, e$site, TRUE), kruskal_wallis_by_site = by_site(x, e$trt, e$site, FALSE),
    kruskal_wallis = { k <- kruskal.test(x, e$trt); list(chi2 = unname(k$statistic), df = unname(k$parameter), p = k$p.value) })
}
category <- function(d, v) {
  e <- d[!is.na(d[[v]]), ]; m <- table(e$trt, e[[v]])
  p <- prop.table(m, 1)[, -1, drop = FALSE]; S <- function(p) diag(p, length(p)) - p %o% p; apart <- p[2, ] - p[1, ]
  x <- suppressWarnings(chisq.test(m, correct = FALSE)); f <- fisher.test(m, workspace = 2e7)
  out <- list(levels = colnames(m), counts = unname(matrix(m, 2)), missing = as.integer(table(d$trt) - table(e$trt)),
    chi2 = list(chi2 = unname(x$statistic), df = unname(x$parameter), p = x$p.value), fisher = list(p = f$p.value),
    smd = sqrt(as.numeric(apart %*% solve((S(p[1, ]) + S(p[2, ])) / 2, apart))))
  if (ncol(m) == 2) {
    y <- suppressWarnings(chisq.test(m)); out$chi2_yates <- list(chi2 = unname(y$statistic), df = 1, p = y$p.value)
    f <- fisher.test(m[2:1, 2:1]); out$fisher <- list(p = f$p.value, odds_ratio = unname(f$estimate), lower = f$conf.int[1], upper = f$conf.int[2])
  }
  out
}
lung <- data("lung"); lung$site <- (as.integer(factor(lung$site)) - 1) %% 4
rott <- data("rottgbsg"); rott$lnodes <- log1p(rott$nodes)
rhd <- data("rhdnase")
# three arms: the first two dozens of rows by the remainder of their number
three <- lung[!is.na(lung$wt_loss), ]; three$arm <- three$id %% 3
permuted <- function(weighted) {
  x <- c(3, 5, 5, 9, 2, 4, 4, 8); site <- rep(1:2, each = 4); arm <- c(0, 0, 1, 1, 0, 1, 0, 1)
  ways <- combn(4, 2)
  u <- unlist(lapply(seq_len(ncol(ways)), function(i) sapply(seq_len(ncol(ways)), function(j) {
    a <- rep(0, 8); a[ways[, i]] <- 1; a[4 + ways[, j]] <- 1
    by_site(x, a, site, weighted)$excess })))
  list(mean = mean(u), variance = mean(u^2), of_formula = by_site(x, arm, site, weighted)[c("chi2", "excess")])
}
tables <- list(c(4, 2, 7, 3, 8, 1, 2, 2, 9), c(50, 40, 60, 30, 20, 12, 44, 60, 50, 40, 33, 20), c(10, 20, 15, 22, 9, 13, 8, 17, 21), c(0, 3, 5, 2, 0, 4, 1, 6),
  c(44, 38, 24, 40, 32, 16, 22, 14, 7))
rows <- c(3, 2, 3, 2, 3)
# the flow of lung: rows, of them those of 50 and more, of these those with weight loss and performance status
steps <- list(read = rep(TRUE, nrow(lung)), adults = lung$age >= 50); steps$complete <- steps$adults & complete.cases(lung[, c("wt_loss", "ph_ecog")])
flow <- list(steps = lapply(steps, function(s) as.integer(table(lung$trt[s]))),
  missing = lapply(c(age = "age", ph_ecog = "ph_ecog", wt_loss = "wt_loss"), function(v) as.integer(table(factor(lung$trt, 0:1)[steps$adults & is.na(lung[[v]])]))))
out <- list(flow = flow,
  lung = list(sites = 4, age = number(lung, "age"), wt_loss = number(lung, "wt_loss"), pat_karno = number(lung, "pat_karno"), ph_ecog = category(lung, "ph_ecog")),
  rottgbsg = list(sites = 2, age = number(rott, "age"), nodes = number(rott, "nodes"), lnodes = number(rott, "lnodes"), meno = category(rott, "meno"), sizecat = category(rott, "sizecat"), grade3 = category(rott, "grade3")),
  rhdnase = list(sites = 51, fev = number(rhd, "fev")),
  three_arms = by_site(three$wt_loss, three$arm, three$site, FALSE),
  permutation = list(van_elteren = permuted(TRUE), kruskal_wallis_by_site = permuted(FALSE)),
  fisher = lapply(seq_along(tables), function(i) { m <- matrix(tables[[i]], rows[i], byrow = TRUE); list(table = m, p = fisher.test(m, workspace = 2e7)$p.value) }))
write(toJSON(out, digits = I(15), auto_unbox = TRUE), file.path(here, "table1.json"))
