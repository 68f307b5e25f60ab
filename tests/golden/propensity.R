# usage: Rscript propensity.R DATA_FOLDER > propensity.json   (R 4.2.2, survival 3.5-3; 15 digits)
# glm(trt ~ x + site) over the sites with both arms of lung and rottgbsg, evaluated once more at its own solution: the
# errors that summary() gives at first are those of the step before (1e-8 off for rottgbsg). Concordance within sites.
suppressMessages({library(survival); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
ps <- list(lung=c("age","ph_ecog","wt_loss"), rottgbsg=c("age","meno","size2","size3","grade3","lnodes","lpgr","ler"))
derive <- function(d) { if (!is.null(d$nodes)) { d$size2 <- as.integer(d$sizecat==2); d$size3 <- as.integer(d$sizecat==3); d$lnodes <- log1p(d$nodes); d$lpgr <- log1p(d$pgr); d$ler <- log1p(d$er) }; d }
ctl <- glm.control(epsilon=1e-15, maxit=100)
again <- function(f, d) { g <- glm(f, data=d, family=binomial, control=ctl); suppressWarnings(glm(f, data=d, family=binomial, start=coef(g), control=glm.control(epsilon=1e300, maxit=2))) }
one <- function(name) {
  d <- derive(read.csv(file.path(folder, paste0(name, ".csv")), na.strings=c("","NA")))
  d <- d[complete.cases(d[, c("time","event","trt","site",ps[[name]])]),]
  e <- droplevels(d[ave(d$trt, d$site, FUN=function(x) length(unique(x)))==2,]); e$site <- factor(e$site)
  k <- ps[[name]]; x <- paste(k, collapse="+")
  g <- again(as.formula(paste("trt ~", x, "+ site")), e); co <- summary(g)$coefficients
  h <- again(as.formula(paste("trt ~", x)), d); ch <- summary(h)$coefficients
  p <- fitted(g); within <- concordance(trt ~ p + strata(site), data=e)$count; if (is.matrix(within)) within <- colSums(within)
  q <- fitted(h); common <- concordance(trt ~ q + strata(site), data=d)$count; if (is.matrix(common)) common <- colSums(common)
  named <- function(v) as.list(setNames(unname(v), names(v)))
  list(site=list(coef=named(co[k,1]), se=named(co[k,2]), deviance=deviance(g), pairs=named(within)),
       common=list(coef=named(ch[,1]), se=named(ch[,2]), deviance=deviance(h), pairs=named(common)))
}
cat(toJSON(lapply(setNames(nm=names(ps)), one), auto_unbox=TRUE, digits=I(17), pretty=TRUE), "\n")
