# Rscript adverse_events.R: worst grades of three adverse events by arm, simulated, inside the file. R 4.2.2.
library(jsonlite)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
set.seed(7); n <- 150
arm <- rep(0:1, length.out = n); site <- sample(c("S1", "S2", "S3"), n, TRUE)
draw <- function(any, severe) ifelse(runif(n) < any[arm + 1], ifelse(runif(n) < severe, sample(3:4, n, TRUE), sample(1:2, n, TRUE)), 0)
d <- data.frame(site, arm, hypertension = draw(c(.30, .45), .5), fatigue = draw(c(.30, .28), .15), hand_foot = draw(c(.52, .27), .2))
wilson <- function(x, n) suppressWarnings(as.numeric(prop.test(x, n, correct = FALSE)$conf.int))
of <- function(y) {
  a <- table(factor(d$arm, 1:0), factor(y, c(TRUE, FALSE))); x <- a[, 1]; m <- rowSums(a); p <- x / m
  w1 <- wilson(x[1], m[1]); w0 <- wilson(x[2], m[2])
  list(n = rev(unname(x)), of = rev(unname(m)), p = fisher.test(a)$p.value,
    difference = unname(c(p[1] - p[2], p[1] - p[2] - sqrt((p[1] - w1[1])^2 + (w0[2] - p[2])^2), p[1] - p[2] + sqrt((w1[2] - p[1])^2 + (p[2] - w0[1])^2))))
}
terms <- c("hypertension", "fatigue", "hand_foot")
each <- lapply(setNames(nm = terms), function(t) list(any = of(d[[t]] >= 1), severe = of(d[[t]] >= 3)))
worst <- do.call(pmax, d[terms])
out <- list(rows = d, terms = each, any = list(any = of(worst >= 1), severe = of(worst >= 3)))
write(toJSON(out, digits = I(15), auto_unbox = TRUE, dataframe = "columns"), file.path(here, "adverse_events.json"))
