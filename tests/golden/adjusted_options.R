# usage: Rscript adjusted_options.R DATA_FOLDER > adjusted_options.json   (R 4.2.2, survival 3.5-3, MatchIt 4.5-1; 15 digits)
# What a Cox entry can ask of populations whose patients have weights: of lung, age + (row in the file, from 1) / 1000 as in
# matched.R; the score is glm(trt ~ x + site) over the sites with both arms. `overlap`: the probability of the other arm; `trimmed`:
# inverse probabilities, scores from 0.35 to 0.75; `two`: sets with up to two of the reference, caliper 0.2, MatchIt's weights.
# ph_test: cox.zph of the weighted model with g of time; `km` and `rank` by the curve of all complete patients, without weights,
# `identity` and `log` of time. cox.zph's own km and rank, by its own patients, are `own`. `curve`: as in weighted_curves.R, of `two`.
suppressMessages({library(survival); library(MatchIt); library(jsonlite)})
folder <- commandArgs(TRUE)[1]; ctl <- coxph.control(eps=1e-13, iter.max=200, toler.chol=1e-14); x <- c("age","ph_ecog","wt_loss"); LEAST <- 20
d <- read.csv(file.path(folder, "lung.csv"), na.strings=c("","NA")); d$row <- seq_len(nrow(d)); d$age <- d$age + d$row / 1000
d <- d[complete.cases(d[, c("time","event","trt","site",x)]),]; d$ecog_ge1 <- as.integer(d$ph_ecog >= 1)
e <- d[ave(d$trt, d$site, FUN=function(x) length(unique(x)))==2,]; e$site <- factor(e$site)
g <- glm(trt ~ age + ph_ecog + wt_loss + site, data=e, family=binomial, control=glm.control(epsilon=1e-15, maxit=100)); p <- fitted(g); lp <- g$linear.predictors
two <- function() {
  s <- e[order(-lp), ]; f <- sort(lp, decreasing=TRUE); row.names(s) <- s$row
  D <- abs(outer(f[s$trt == 1], f[s$trt == 0], "-")); dimnames(D) <- list(s$row[s$trt == 1], s$row[s$trt == 0])
  M <- suppressWarnings(matchit(trt ~ age, data=s, method="nearest", distance=D, m.order="data", exact=~ site, ratio=2, caliper=.2*sd(lp), std.caliper=FALSE))
  s$w <- M$weights; s$set <- M$subclass; s[s$w > 0, ] }
of <- list(overlap=transform(e, w=ifelse(trt==1, 1-p, p), set=row), trimmed=transform(e, w=ifelse(trt==1, 1/p, 1/(1-p)), set=row)[p >= .35 & p <= .75,], two=two())
K <- survfit(Surv(time, event) ~ 1, d); before <- c(1, K$surv[-length(K$surv)]); leaving <- K$n.event + K$n.censor; rank <- cumsum(leaving) - leaving + (leaving + 1)/2
functions <- list(km=function(t) 1 - before[match(t, K$time)], rank=function(t) rank[match(t, K$time)], identity=function(t) t, log=log)
zph <- function(m, f) cox.zph(m, transform=f, terms=FALSE)$table
rcs <- function(x, t) { k <- length(t); sapply(1:(k-2), function(j) (pmax(x-t[j],0)^3 - pmax(x-t[k-1],0)^3*(t[k]-t[j])/(t[k]-t[k-1]) + pmax(x-t[k],0)^3*(t[k-1]-t[j])/(t[k]-t[k-1])) / (t[k]-t[1])^2) }
model <- function(f, m) { a <- coxph(f, m, weights=w, robust=FALSE, control=ctl); b <- coxph(f, m, weights=w, cluster=set, control=ctl); s <- summary(b)
  list(n=a$n, coef=unname(coef(a)), se=unname(sqrt(diag(vcov(a)))), robust_se=unname(sqrt(diag(b$var))), loglik=a$loglik, score=a$score, wald=a$wald.test[[1]], vcov=unname(vcov(a)), lower=unname(s$conf.int[,3]), upper=unname(s$conf.int[,4])) }
blocks <- function(step) { left <- length(step); of <- rep(NA, left); if (left < LEAST) return(of)
  b <- 1; size <- 0
  for (s in sort(unique(step))) { if (size >= LEAST && left >= LEAST) { b <- b + 1; size <- 0 }; here <- step == s; of[here] <- b; size <- size + sum(here); left <- left - sum(here) }
  of }
curve <- function(m) {
  step <- 2^round(log2(ave(m$w, as.character(m$site))))/8; mean <- sum(round(m$w/step)*step)/nrow(m)
  d$w <- 0; d$w[match(m$row, d$row)] <- round(m$w/(mean/8))*mean/8; d$step <- ceiling(d$time/7)*7
  lapply(0:1, function(a) { x <- d[d$trt==a,]; x$block <- NA
    for (s in 0:1) x$block[x$event==s] <- paste(s, blocks(x$step[x$event==s]))
    x$block[grepl("NA", x$block)] <- NA; x$average <- ave(x$w, x$block); x$average[is.na(x$block)] <- mean(x$w[!is.na(x$block)])
    f <- survfit(Surv(step, event) ~ 1, data=x, weights=average, conf.type="log-log"); s <- summary(f, times=3); list(day_3=c(s$surv, s$lower, s$upper), day=f$time, survival=f$surv, at_risk=f$n.risk) }) }
one <- function(name) { m <- of[[name]]; m$B <- rcs(m$age, c(50, 60, 70)); late <- m[m$time > 90,]; late$time <- late$time - 90; late$site <- as.character(late$site)
  a <- coxph(Surv(time, event) ~ trt + age + strata(site), m, weights=w, robust=FALSE, control=ctl); bent <- model(Surv(time, event) ~ trt + age + B + strata(site, ecog_ge1), m)
  list(ph_test=lapply(functions, function(f) zph(a, f)), own=lapply(c(km="km", rank="rank"), function(f) zph(a, f)), both=model(Surv(time, event) ~ trt + age + strata(site), m), bent=c(bent, list(linearity=bent$coef[3]^2/bent$vcov[3,3])), late=model(Surv(time, event) ~ trt + strata(site), late),
    events=sum(m$event)/nrow(m), curve=if (name == "two") curve(m)) }
cat(toJSON(lapply(setNames(nm=names(of)), one), auto_unbox=TRUE, digits=I(17), null="null", matrix="rowmajor"), "\n")
