# usage: Rscript penalised_caliper.R > penalised_caliper.json   (R 4.2.2, MatchIt 4.5.1; 15 digits)
# The standard deviation of the scores of Firth's logistic model of the arm on age, with one intercept or one for each of 3 sites,
# and the pairs of nearest neighbours within sites by the probability, caliper 0.2 of it. Patients are made up. The scores of
# a penalised model do not add up to the number treated: `by_treated` is the variance that this would give.
suppressMessages({library(MatchIt); library(jsonlite)})
firth <- function(X, y) {
  s <- sqrt(colMeans(X^2)); X <- sweep(X, 2, s, "/"); b <- rep(0, ncol(X))
  for (i in 1:2000) { p <- plogis(drop(X %*% b)); v <- p*(1-p); V <- solve(crossprod(X, X*v)); h <- rowSums((X %*% V)*X)*v; step <- drop(V %*% crossprod(X, y - p + h*(.5 - p))); b <- b + step; if (max(abs(step)/sqrt(diag(V))) < 1e-14) break }
  plogis(drop(X %*% b)) }
one <- function(d, X) {
  p <- firth(X, d$arm); e <- d[order(-p), ]; q <- sort(p, decreasing = TRUE); row.names(e) <- e$id
  D <- abs(outer(q[e$arm == 1], q[e$arm == 0], "-")); dimnames(D) <- list(e$id[e$arm == 1], e$id[e$arm == 0])
  e$score <- q
  M <- suppressWarnings(matchit(arm ~ score, data = e, method = "nearest", distance = D, m.order = "data", exact = ~ site, caliper = .2 * sd(p), std.caliper = FALSE))
  mm <- M$match.matrix; mm <- mm[!is.na(mm[, 1]), , drop = FALSE]; mm <- mm[order(as.integer(rownames(mm))), , drop = FALSE]
  list(sd = sd(p), sum = sum(p), by_treated = (sum(p^2) - sum(d$arm)^2 / nrow(d)) / (nrow(d) - 1), treated = as.integer(rownames(mm)), controls = as.integer(mm[, 1])) }
made <- function(seed) { set.seed(seed); n <- 60; d <- data.frame(id = 1:n, site = rep(1:3, each = n/3), age = round(rnorm(n, 60, 10), 1)); d$arm <- rbinom(n, 1, plogis(1.5 + .09*(d$age - 60)))
  list(data = as.list(d), common = one(d, cbind(1, d$age)), site = one(d, cbind(model.matrix(~ factor(site) - 1, d), d$age))) }
ok <- function(seed) { set.seed(seed); n <- 60; age <- round(rnorm(n, 60, 10), 1); arm <- rbinom(n, 1, plogis(1.5 + .09*(age - 60))); all(tapply(arm, rep(1:3, each = n/3), function(a) length(unique(a))) == 2) }
cat(toJSON(lapply(Filter(ok, 1:20)[1:3], made), auto_unbox = TRUE, digits = I(17)), "\n")
