# usage: Rscript firth_logistic.R DATA_FOLDER > firth_logistic.json   (R 4.2.2; 15 digits)
# Firth's logistic model by the modified score X'(y - p + h (1/2 - p)) over all columns, site columns too, as logistf(arm ~ x +
# site) does it (logistf itself is not in Debian): over the sites with both arms of lung and rottgbsg; and of lung with a column that
# only treated patients have (every second of them in the first 5 sites, at 40 years or more).
suppressMessages(library(jsonlite))
folder <- commandArgs(TRUE)[1]
ps <- list(lung=c("age","ph_ecog","wt_loss"), rottgbsg=c("age","meno","size2","size3","grade3","lnodes","lpgr","ler"))
derive <- function(d) { if (!is.null(d$nodes)) { d$size2 <- as.integer(d$sizecat==2); d$size3 <- as.integer(d$sizecat==3); d$lnodes <- log1p(d$nodes); d$lpgr <- log1p(d$pgr); d$ler <- log1p(d$er) }; d }
firth <- function(X, y) {
  s <- sqrt(colMeans(X^2)); X <- sweep(X, 2, s, "/"); b <- rep(0, ncol(X))
  for (i in 1:2000) { p <- plogis(drop(X %*% b)); v <- p*(1-p); V <- solve(crossprod(X, X*v)); h <- rowSums((X %*% V)*X)*v; step <- drop(V %*% crossprod(X, y - p + h*(.5 - p))); b <- b + step; if (max(abs(step)/sqrt(diag(V))) < 1e-14) break }
  p <- plogis(drop(X %*% b)); I <- crossprod(X, X*p*(1-p)); list(coef=b/s, se=sqrt(diag(solve(I)))/s, penalised=sum(log(ifelse(y==1, p, 1-p))) + as.numeric(determinant(sweep(sweep(I, 2, s, "*"), 1, s, "*"))$modulus)/2, iterations=i) }
read <- function(name) { d <- derive(read.csv(file.path(folder, paste0(name, ".csv")), na.strings=c("","NA"))); d <- d[complete.cases(d[, c("time","event","trt","site",ps[[name]])]),]; d$row <- seq_len(nrow(d)); d }
one <- function(d, x, sites) {
  e <- if (sites) d[ave(d$trt, d$site, FUN=function(x) length(unique(x)))==2,] else d
  X <- cbind(if (sites) model.matrix(~ factor(site) - 1, e) else 1, as.matrix(e[, x])); colnames(X) <- c(if (sites) sort(unique(as.character(e$site))) else "(Intercept)", x)
  r <- firth(X, e$trt); named <- function(v) as.list(setNames(v, colnames(X)))
  list(coef=named(r$coef), se=named(r$se), penalised=r$penalised, iterations=r$iterations) }
lung <- read("lung"); rg <- read("rottgbsg")
lung$only <- as.integer(lung$trt == 1 & lung$row %% 2 == 0 & lung$age >= 40 & as.integer(factor(lung$site)) <= 5)
out <- list(lung=list(site=one(lung, ps$lung, TRUE), common=one(lung, ps$lung, FALSE)), rottgbsg=list(site=one(rg, ps$rottgbsg, TRUE), common=one(rg, ps$rottgbsg, FALSE)),
  separated=list(column=lung$only, site=one(lung, c(ps$lung, "only"), TRUE), common=one(lung, c(ps$lung, "only"), FALSE)))
cat(toJSON(out, auto_unbox=TRUE, digits=I(17), pretty=FALSE), "\n")
