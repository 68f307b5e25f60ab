# The maximum of the penalised log likelihood l + log|I|/2 (Firth 1993) on the data of separated.json.
# Rscript firth.R > firth.json, in this folder. coxph gives l and I at fixed coefficients (no iteration); the gradient
# is a difference of order 4, so a coefficient is within about 1e-9 of the maximum.
suppressMessages({library(survival); library(jsonlite)})
d <- as.data.frame(read_json("separated.json", simplifyVector = TRUE)$data)
at <- function(b, cols, ties) {
  f <- as.formula(paste("Surv(time, event) ~", paste(cols, collapse = " + "), "+ strata(site)"))
  m <- suppressWarnings(coxph(f, data = d, ties = ties, init = b, control = coxph.control(iter.max = 0, toler.chol = 1e-14)))
  I <- solve(m$var)
  list(l = m$loglik[length(m$loglik)], V = m$var, penalised = m$loglik[length(m$loglik)] + as.numeric(determinant(I)$modulus) / 2)
}
firth <- function(cols, ties) {
  b <- rep(0, length(cols))
  for (i in 1:200) {
    now <- at(b, cols, ties)
    se <- sqrt(diag(now$V))
    slope <- sapply(seq_along(b), function(j) {
      h <- replace(0 * b, j, 1e-3 * se[j])
      v <- sapply(c(1, -1, 2, -2), function(k) at(b + k * h, cols, ties)$penalised)
      (8 * (v[1] - v[2]) - (v[3] - v[4])) / (12 * h[j])
    })
    step <- as.numeric(now$V %*% slope)
    step <- step * min(1, 2 / max(abs(step) / se))
    b <- b + step
    if (max(abs(step) / se) < 1e-9) break
  }
  end <- at(b, cols, ties)
  list(coef = as.list(setNames(b, cols)), se = as.list(setNames(sqrt(diag(end$V)), cols)), penalised = end$penalised,
       penalised_at_0 = at(0 * b, cols, ties)$penalised, last_step = max(abs(step) / se))
}
models <- list(flag_alone = "flag", score_alone = "score", flag = c("x", "age", "z", "flag"), score = c("x", "age", "z", "score"))
out <- lapply(setNames(nm = c("efron", "breslow")), function(ties) lapply(models, firth, ties = ties))
cat(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
