# usage: Rscript score_levels.R DATA_FOLDER > score_levels.json   (R 4.2.2, survival 3.5-3; 15 digits)
# What follows from the scores of propensity.R: glm(trt ~ x + site) over the sites with both arms (`site`), glm(trt ~ x) over all
# (`common`). Patients of each arm by tenths of the preference score, plogis(lp - qlogis(share of the treated)). Cox models
# stratified by site and by the score, cut at fixed probabilities (nobody has one); those of sites with
# one arm have no score and are a stratum of their own. coxph.control(eps = 1e-13).
suppressMessages({library(survival); library(jsonlite)})
folder <- commandArgs(TRUE)[1]; ctl <- coxph.control(eps=1e-13, iter.max=200, toler.chol=1e-14)
ps <- list(lung=c("age","ph_ecog","wt_loss"), rottgbsg=c("age","meno","size2","size3","grade3","lnodes","lpgr","ler"))
cuts <- list(lung=c(.3,.45), rottgbsg=c(.05,.1,.2,.4))
derive <- function(d) { if (!is.null(d$nodes)) { d$size2 <- as.integer(d$sizecat==2); d$size3 <- as.integer(d$sizecat==3); d$lnodes <- log1p(d$nodes); d$lpgr <- log1p(d$pgr); d$ler <- log1p(d$er) }; d }
lp <- function(f, d) glm(as.formula(f), data=d, family=binomial, control=glm.control(epsilon=1e-15, maxit=100))$linear.predictors
fitted_cox <- function(f, d) { a <- coxph(f, data=d, control=ctl); list(coef=as.list(coef(a)), se=as.list(setNames(sqrt(diag(a$var)), names(coef(a)))), loglik=a$loglik, events=a$nevent, n=a$n) }
levels_of <- function(d, e, score, cut) {
  q <- plogis(score - qlogis(mean(e$trt))); tenth <- factor(pmin(floor(q * 10), 9), levels=0:9)
  stopifnot(min(abs(q * 10 - round(q * 10))) > 1e-7, min(abs(outer(plogis(score), cut, "-"))) > 1e-7)
  d$stratum <- -1; d$stratum[match(e$row, d$row)] <- findInterval(plogis(score), cut)
  list(tenths=lapply(0:1, function(a) as.integer(table(tenth[e$trt == a]))), in_equipoise=sapply(0:1, function(a) mean(q[e$trt == a] >= .3 & q[e$trt == a] < .7)),
    strata=as.integer(table(factor(d$stratum, levels=c(-1, 0:length(cut))))), cuts=cut,
    alone=fitted_cox(Surv(time, event) ~ trt + strata(site, stratum), d), adjusted=fitted_cox(Surv(time, event) ~ trt + age + strata(site, stratum), d),
    scored=fitted_cox(Surv(time, event) ~ trt + strata(site, stratum), d[d$stratum >= 0, ])) }
one <- function(name) {
  x <- ps[[name]]; d <- derive(read.csv(file.path(folder, paste0(name, ".csv")), na.strings=c("","NA"))); d$row <- seq_len(nrow(d))
  d <- d[complete.cases(d[, c("time","event","trt","site",x)]),]; e <- d[ave(d$trt, d$site, FUN=function(x) length(unique(x)))==2,]
  rhs <- paste("trt ~", paste(x, collapse="+"))
  list(site=levels_of(d, e, lp(paste(rhs, "+ site"), e), cuts[[name]]), common=levels_of(d, d, lp(rhs, d), cuts[[name]])) }
cat(toJSON(lapply(setNames(nm=names(ps)), one), auto_unbox=TRUE, digits=I(17), pretty=TRUE), "\n")
