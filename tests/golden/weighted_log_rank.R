# usage: Rscript weighted_log_rank.R DATA_FOLDER > weighted_log_rank.json   (R 4.2.2, survival 3.5-3; 15 digits)
# The robust score test of coxph(Surv(time, event) ~ trt + strata(site), weights = w), of all patients with a score: glm(trt ~ x + site)
# over the sites with both arms. w: inverse probability of the own arm (ate), probability of the other arm (overlap).
suppressMessages({library(survival); library(jsonlite)})
folder <- commandArgs(TRUE)[1]; ctl <- coxph.control(eps=1e-13, iter.max=200, toler.chol=1e-14)
ps <- list(lung=c("age","ph_ecog","wt_loss"), rottgbsg=c("age","meno","size2","size3","grade3","lnodes","lpgr","ler"))
derive <- function(d) { if (!is.null(d$nodes)) { d$size2 <- as.integer(d$sizecat==2); d$size3 <- as.integer(d$sizecat==3); d$lnodes <- log1p(d$nodes); d$lpgr <- log1p(d$pgr); d$ler <- log1p(d$er) }; d }
one <- function(name) {
  d <- derive(read.csv(file.path(folder, paste0(name, ".csv")), na.strings=c("","NA")))
  d <- d[complete.cases(d[, c("time","event","trt","site",ps[[name]])]),]
  e <- droplevels(d[ave(d$trt, d$site, FUN=function(x) length(unique(x)))==2,]); e$site <- factor(e$site)
  p <- fitted(glm(as.formula(paste("trt ~", paste(ps[[name]], collapse="+"), "+ site")), data=e, family=binomial, control=glm.control(epsilon=1e-15, maxit=100)))
  w <- list(ate=ifelse(e$trt==1, 1/p, 1/(1-p)), overlap=ifelse(e$trt==1, 1-p, p))
  test <- function(w, ties) { e$w <- w; m <- coxph(Surv(time, event) ~ trt + strata(site), data=e, weights=w, robust=TRUE, ties=ties, control=ctl); s <- summary(m)
    list(chi2=unname(s$robscore["test"]), p=unname(s$robscore["pvalue"]), naive_chi2=unname(s$sctest["test"]), robust_se=sqrt(m$var[1])) }
  list(n=nrow(e), efron=lapply(w, test, "efron"), breslow=lapply(w, test, "breslow"))
}
cat(toJSON(lapply(setNames(nm=names(ps)), one), auto_unbox=TRUE, digits=I(17)), "\n")
