# usage: Rscript matched.R DATA_FOLDER > matched.json   (R 4.2.2, survival 3.5-3, MatchIt 4.5-1; 15 digits)
# Outcomes of matched patients. The rows of lung and rottgbsg, with age + (number of the row in the file, from 1) / 1000, so that no two
# scores are equal and any rule for ties gives these pairs. Scores: the logit of glm(trt ~ x + site) over the sites with both
# arms (`site`), of glm(trt ~ x) over all (`common`); caliper 0.2 of its standard deviation, within sites. Distances as a matrix:
# matching.R says why. Balance is of all complete rows, those of sites with one arm among them, before; of the matched after. Cox models: coxph.control(eps = 1e-13), weights of MatchIt where there are two controls.
suppressMessages({library(survival); library(MatchIt); library(jsonlite)})
folder <- commandArgs(TRUE)[1]; ctl <- coxph.control(eps=1e-13, iter.max=200, toler.chol=1e-14)
ps <- list(lung=c("age","ph_ecog","wt_loss"), rottgbsg=c("age","meno","size2","size3","grade3","lnodes","lpgr","ler"))
derive <- function(d) { if (!is.null(d$nodes)) { d$size2 <- as.integer(d$sizecat==2); d$size3 <- as.integer(d$sizecat==3); d$lnodes <- log1p(d$nodes); d$lpgr <- log1p(d$pgr); d$ler <- log1p(d$er) }; d }
outcomes <- function(m) {
  m$S <- with(m, Surv(time, event)); has <- any(m$w != 1)
  a <- coxph(S ~ trt + strata(site), data=m, weights=w, control=ctl, robust=FALSE); b <- coxph(S ~ trt + strata(site), data=m, weights=w, control=ctl, cluster=set)
  c1 <- coxph(S ~ trt + strata(set), data=m, weights=w, control=ctl, robust=FALSE); c2 <- coxph(S ~ trt + strata(set), data=m, weights=w, control=ctl, robust=FALSE, ties="breslow"); u <- coxph(S ~ trt, data=m, weights=w, control=ctl, robust=FALSE); uc <- coxph(S ~ trt, data=m, weights=w, control=ctl, cluster=set)
  km <- lapply(setNames(nm=c("log","log-log")), function(ct) { t <- summary(survfit(S ~ trt, data=m, conf.type=ct))$table; list(n=unname(t[,"records"]), events=unname(t[,"events"]), median=unname(t[,"median"]), lower=unname(t[,ncol(t)-1]), upper=unname(t[,ncol(t)])) })
  out <- list(strata_site=list(coef=coef(a)[[1]], se=sqrt(a$var[1]), loglik=a$loglik), cluster_set=list(coef=coef(b)[[1]], robust_se=sqrt(b$var[1]), robust_score=b$rscore[1]), strata_set=list(coef=coef(c1)[[1]], se=sqrt(c1$var[1]), loglik=c1$loglik, score=c1$score, wald=c1$wald.test[[1]]),
    strata_set_breslow=list(coef=coef(c2)[[1]], se=sqrt(c2$var[1]), loglik=c2$loglik, score=c2$score),
    unstratified=list(coef=coef(u)[[1]], se=sqrt(u$var[1]), cluster_set_se=sqrt(uc$var[1])))
  if (!has) out <- c(out, list(km=km, logrank=survdiff(S ~ trt, data=m)$chisq, logrank_strata_site=survdiff(S ~ trt + strata(site), data=m)$chisq))
  out }
matched <- function(d, x, score, ratio, caliper, all) {
  s <- d[order(-score), ]; f <- sort(score, decreasing=TRUE); row.names(s) <- s$row
  D <- abs(outer(f[s$trt == 1], f[s$trt == 0], "-")); dimnames(D) <- list(s$row[s$trt == 1], s$row[s$trt == 0])
  M <- suppressWarnings(matchit(trt ~ age, data=s, method="nearest", distance=D, m.order="data", exact=~ site, ratio=ratio, caliper=caliper, std.caliper=FALSE))
  mm <- M$match.matrix; mm <- mm[!is.na(mm[, 1]), , drop=FALSE]; mm <- mm[order(as.integer(rownames(mm))), , drop=FALSE]
  s$w <- M$weights; s$set <- M$subclass; m <- s[s$w > 0, ]
  smd <- function(v) { y <- s[[v]]; t <- s$trt; w <- s$w; (weighted.mean(y[t==1], w[t==1]) - weighted.mean(y[t==0], w[t==0])) / sqrt((var(y[t==1]) + var(y[t==0])) / 2) }
  differ <- function(v, m) { t <- all[[v]][all$trt == 1]; r <- all[[v]][all$trt == 0]; y <- m[[v]]
    apart <- mean(y[m$trt == 1]) - mean(y[m$trt == 0]); list(smd=c(apart / sqrt((var(t) + var(r)) / 2), apart / sd(t), apart / sd(r)), ratio=var(y[m$trt == 1]) / var(y[m$trt == 0])) }
  balance <- lapply(setNames(nm=x), function(v) list(before=differ(v, all), after=differ(v, m)))
  by_arm <- function(f) list(f(m[m$trt == 0, ]), f(m[m$trt == 1, ])); last <- if (is.null(m$nodes)) 180 else 1826
  table1 <- lapply(setNames(nm=x), function(v) by_arm(function(d) list(n=nrow(d), mean=mean(d[[v]]), sd=sd(d[[v]])))); early <- by_arm(function(d) list(n=sum(d$event == 1 & d$time <= last), of=nrow(d)))
  c(if (ratio == 1) list(balance=balance, table1=table1, early=early), list(ratio=ratio, treated=as.integer(rownames(mm)), controls=unname(matrix(as.integer(mm), nrow(mm))), n_treated=sum(m$trt==1), n_control=sum(m$trt==0), smd=lapply(setNames(nm=x), smd)), outcomes(m)) }
real <- function(name) {
  x <- ps[[name]]; d <- derive(read.csv(file.path(folder, paste0(name, ".csv")), na.strings=c("","NA"))); d$row <- seq_len(nrow(d)); d$age <- d$age + d$row / 1000
  d <- d[complete.cases(d[, c("time","event","trt","site",x)]),]; e <- d[ave(d$trt, d$site, FUN=function(x) length(unique(x)))==2,]
  lp <- function(f, d) glm(as.formula(f), data=d, family=binomial, control=glm.control(epsilon=1e-15, maxit=100))$linear.predictors
  rhs <- paste("trt ~", paste(x, collapse="+")); own <- lp(paste(rhs, "+ site"), e); common <- lp(rhs, d); stopifnot(!any(duplicated(round(common, 9))), !any(duplicated(paste(e$site, round(own, 9)))))
  one <- function(d, score, all) { cal <- .2*sd(score); list(n=nrow(d), caliper=cal, matched=lapply(1:2, function(k) { r <- matched(d, x, score, k, cal, all); if (name == "rottgbsg") r$treated <- r$controls <- NULL; r })) }
  list(site=one(e, own, d), common=one(d, common, d)) }
cat(toJSON(lapply(setNames(nm=names(ps)), real), auto_unbox=TRUE, digits=I(17), null="null", na="null", matrix="rowmajor"), "\n")
