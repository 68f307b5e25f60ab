# usage: Rscript weighted_curves.R DATA_FOLDER > weighted_curves.json   (R 4.2.2, survival 3.5-3; 15 digits)
# survfit(Surv(time, event) ~ 1, weights = averages, robust = TRUE) by arm of the patients of all sites. Averages: ATE weights of
# glm(trt ~ x + site) over the sites with both arms, 0 at the others; each rounded to an eighth of their mean; averaged over at least
# 20 patients of an arm who leave with the event, or are censored, one after the other (steps of WIDTH days). The mean is that of
# weights rounded at each site to an eighth of the power of two nearest to the site's mean. The error has each patient's own weight:
# the influence on S(t) divided by the average and times the own rounded weight; of each site the sum of squares is rounded to 1/64
# of the sum of all sites by averages. The restricted mean up to the last landmark is survfit's rmean; its error is of residuals(type = "rmst") in the same way.
suppressMessages({library(survival); library(jsonlite)})
folder <- commandArgs(TRUE)[1]; LEAST <- 20; WIDTH <- 7
ps <- list(lung=c("age","ph_ecog","wt_loss"), rottgbsg=c("age","meno","size2","size3","grade3","lnodes","lpgr","ler"))
marks <- list(lung=c(182, 476), rottgbsg=c(728, 1456))
derive <- function(d) { if (!is.null(d$nodes)) { d$size2 <- as.integer(d$sizecat==2); d$size3 <- as.integer(d$sizecat==3); d$lnodes <- log1p(d$nodes); d$lpgr <- log1p(d$pgr); d$ler <- log1p(d$er) }; d }
ctl <- glm.control(epsilon=1e-15, maxit=100)
blocks <- function(step) {            # the block of each patient of one arm and status, from the steps in which they leave
  left <- length(step); of <- rep(NA, left); if (left < LEAST) return(of)
  b <- 1; size <- 0
  for (s in sort(unique(step))) { if (size >= LEAST && left >= LEAST) { b <- b + 1; size <- 0 }; here <- step == s; of[here] <- b; size <- size + sum(here); left <- left - sum(here) }
  of
}
one <- function(name) {
  d <- derive(read.csv(file.path(folder, paste0(name, ".csv")), na.strings=c("","NA")))
  d <- d[complete.cases(d[, c("time","event","trt","site",ps[[name]])]),]
  d$both <- ave(d$trt, d$site, FUN=function(x) length(unique(x)))==2
  e <- droplevels(d[d$both,]); e$site <- factor(e$site)
  p <- fitted(glm(as.formula(paste("trt ~", paste(ps[[name]], collapse="+"), "+ site")), data=e, family=binomial, control=ctl))
  w <- ifelse(e$trt==1, 1/p, 1/(1-p))
  step <- 2^round(log2(ave(w, e$site)))/8
  mean <- sum(round(w/step)*step)/nrow(e)
  d$w <- 0; d$w[d$both] <- round(w/(mean/8))*mean/8
  d$step <- ceiling(d$time/WIDTH)*WIDTH
  arm <- function(a) {
    x <- d[d$trt==a,]; x$block <- NA
    for (s in 0:1) x$block[x$event==s] <- paste(s, blocks(x$step[x$event==s]))
    x$block[grepl("NA", x$block)] <- NA
    x$average <- ave(x$w, x$block); x$average[is.na(x$block)] <- mean(x$w[!is.na(x$block)])
    f <- survfit(Surv(step, event) ~ 1, data=x, weights=average, robust=TRUE, influence=TRUE)
    at <- findInterval(marks[[name]], f$time); own <- f$influence.surv[, at]/x$average*x$w; expected <- colSums(f$influence.surv[, at]^2)
    of_sites <- round(t(t(rowsum(own^2, x$site))/expected)*64)/64; se <- sqrt(colSums(of_sites)*expected)
    s <- f$surv[at]; z <- qnorm(.975)*se/(s*log(s))
    x <<- x; m <- summary(f, rmean=marks[[name]][2])$table; tau <- marks[[name]][2]
    of_mean <- residuals(f, times=tau, type="rmst", weighted=FALSE); expected_m <- sum((of_mean*x$average)^2)
    se_m <- sqrt(sum(round(rowsum((of_mean*x$w)^2, x$site)/expected_m*64)/64)*expected_m)
    q <- quantile(f, c(.25,.5,.75), conf.int=FALSE)
    curve <- if (name == "lung") list(day=f$time, at_risk=f$n.risk, events=f$n.event, survival=f$surv) else NULL
    list(n=nrow(x), events=sum(x$event), curve=curve, quartiles=unname(q), landmarks=list(day=marks[[name]], survival=s, std_error=se, lower=exp(log(s)*exp(-z)), upper=exp(log(s)*exp(z))),
      rmst=list(tau=tau, mean=unname(m["rmean"]), se=se_m, se_of_averages=sqrt(expected_m)))
  }
  list(weighted=nrow(e), mean=mean, arms=list(arm(0), arm(1)))
}
cat(toJSON(lapply(setNames(nm=names(ps)), one), auto_unbox=TRUE, digits=I(17), na="null", null="null"), "\n")
