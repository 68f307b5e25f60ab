#!/usr/bin/env Rscript
# late_entry.json: cumulative incidence of rotterdam.csv, as competing.R has it, where patients enter late: patient i, in the
# order of the file, on day i modulo 5, or a day before leaving if that is earlier. 17 digits.
# Estimates and numbers at risk by survfit. Errors by the recursion of Andersen, Borgan, Gill and Keiding (1993), 4.4.19, in
# matrices of all states; `jackknife` are survfit's, which need who entered when with how they left.
suppressMessages({library(survival); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
d <- read.csv(file.path(here, "rotterdam.csv"))
d$entry <- pmin(seq_len(nrow(d)) %% 5, d$days - 1)
d <- d[d$days > 0, ]; d$id <- seq_len(nrow(d))
cause <- ifelse(d$relapse == 1, 1, 2 * d$death)
times <- c(6, 13, 32, 65, 130)
recursion <- function(e, t, k) {  # of states at risk, 1, 2: the covariance of the first row of the product of matrices
  P <- diag(3); V <- matrix(0, 9, 9); out <- list()
  for (u in sort(unique(t))) {
    n <- sum(e < u & t >= u); h <- sapply(1:2, function(j) sum(t == u & k == j)) / n
    A <- rbind(c(1 - sum(h), h), c(0, 1, 0), c(0, 0, 1))
    D <- matrix(0, 9, 9)  # covariance of the columns of A, stacked
    at <- c(1, 4, 7); own <- (diag(c(0, h)) - outer(c(0, h), c(0, h))) / n  # of the row at risk
    own[1, ] <- -colSums(own[-1, , drop = FALSE]); own[, 1] <- -rowSums(own[, -1, drop = FALSE]); D[at, at] <- own
    V <- kronecker(t(A), diag(3)) %*% V %*% kronecker(A, diag(3)) + kronecker(diag(3), P) %*% D %*% kronecker(diag(3), t(P))
    P <- P %*% A
    out[[as.character(u)]] <- sqrt(pmax(c(V[4, 4], V[7, 7]), 0))
  }
  days <- as.numeric(names(out))
  t(sapply(times, function(at) if (any(days <= at)) out[[max(which(days <= at))]] else c(0, 0)))
}
of <- function(rows) {
  e <- d$entry[rows]; t <- d$days[rows]; k <- cause[rows]
  s <- summary(survfit(Surv(e, t, factor(k, 0:2)) ~ 1, id = d$id[rows]), times = times, extend = TRUE)
  list(n = length(t), at_risk = s$n.risk[, 1], estimate = s$pstate[, -1], std_error = recursion(e, t, k), jackknife = s$std.err[, -1])
}
out <- list(times = times, overall = of(rep(TRUE, nrow(d))), arms = list(of(d$arm == 0), of(d$arm == 1)))
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), matrix = "rowmajor", pretty = TRUE), file.path(here, "late_entry.json"))
