# Fits by R's survival::coxph.fit, timed inside R: Rscript one_fit.R FOLDER prints their measures as JSON (see one_fit.py).
suppressPackageStartupMessages(library(survival))
folder <- commandArgs(TRUE)[1]
shape <- scan(file.path(folder, "shape"), quiet = TRUE)
read <- function(name, what, size, count) readBin(file.path(folder, name), what, count, size)
x <- read("X_columns.bin", "double", 8, prod(shape))
dim(x) <- shape
y <- Surv(read("days.bin", "integer", 4, shape[1]), read("event.bin", "integer", 4, shape[1]))
fit <- function(x, y)
  coxph.fit(x, y, strata = NULL, control = coxph.control(), method = "efron", rownames = NULL, resid = FALSE)
measure <- function() {
  gc()
  took <- system.time(fitted <- fit(x, y), gcFirst = FALSE)
  list(wall_s = took[["elapsed"]], json = sprintf(
    '{"wall_s": %.6f, "cpu_s": %.6f, "coef": [%s], "se": null, "evaluations": %d}',
    took[["elapsed"]], took[["user.self"]] + took[["sys.self"]],
    paste(sprintf("%.17g", fitted$coefficients), collapse = ", "), as.integer(fitted$iter) + 1L
  ))
}
small <- seq_len(min(2000, shape[1]))
invisible(fit(x[small, , drop = FALSE], y[small]))
measures <- list(measure())
if (measures[[1]]$wall_s < 45) measures <- c(measures, list(measure()))
cat("[", paste(vapply(measures, `[[`, "", "json"), collapse = ", "), "]\n")
