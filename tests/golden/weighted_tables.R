# usage: Rscript weighted_tables.R DATA_FOLDER > weighted_tables.json   (R 4.2.2; 15 digits)
# Balance and Table 1 of weighted patients, by the formulas of cobalt (weighted means; variances sum(w (x - m)^2) / (sum(w) -
# sum(w^2) / sum(w)); differences divided by standard deviations before adjustment). Weights of glm(trt ~ x + site) over the sites
# with both arms, none at the others; before are all complete rows. `exact`: these weights; `rounded`: to a 64th of the power of two
# nearest to their mean, which is that of weights rounded at each site to an eighth of the power of two nearest to the site's mean.
suppressMessages(library(jsonlite))
folder <- commandArgs(TRUE)[1]
ps <- list(lung=c("age","ph_ecog","wt_loss"), rottgbsg=c("age","meno","size2","size3","grade3","lnodes","lpgr","ler"))
derive <- function(d) { if (!is.null(d$nodes)) { d$size2 <- as.integer(d$sizecat==2); d$size3 <- as.integer(d$sizecat==3); d$lnodes <- log1p(d$nodes); d$lpgr <- log1p(d$pgr); d$ler <- log1p(d$er) }; d }
ctl <- glm.control(epsilon=1e-15, maxit=100)
power <- function(x) 2^round(log2(x))
of <- function(x, w) { m <- sum(w*x)/sum(w); list(mean=m, var=sum(w*(x-m)^2)/(sum(w) - sum(w^2)/sum(w))) }
one <- function(name) {
  x <- ps[[name]]; d <- derive(read.csv(file.path(folder, paste0(name, ".csv")), na.strings=c("","NA")))
  d <- d[complete.cases(d[, c("time","event","trt","site",x)]),]; d$both <- ave(d$trt, d$site, FUN=function(x) length(unique(x)))==2
  e <- droplevels(d[d$both,]); e$site <- factor(e$site)
  p <- fitted(glm(as.formula(paste("trt ~", paste(x, collapse="+"), "+ site")), data=e, family=binomial, control=ctl))
  methods <- list(ate=ifelse(e$trt==1, 1/p, 1/(1-p)), att=ifelse(e$trt==1, 1, p/(1-p)), overlap=ifelse(e$trt==1, 1-p, p), matching=pmin(p, 1-p)/ifelse(e$trt==1, p, 1-p))
  compared <- function(w) {
    arm <- function(v, a) of(e[[v]][e$trt==a], w[e$trt==a])
    each <- lapply(setNames(nm=x), function(v) { t <- d[[v]][d$trt==1]; r <- d[[v]][d$trt==0]; now <- list(arm(v, 1), arm(v, 0)); apart <- now[[1]]$mean - now[[2]]$mean
      list(smd=c(apart/sqrt((var(t)+var(r))/2), apart/sd(t), apart/sd(r)), ratio=now[[1]]$var/now[[2]]$var, mean=c(now[[2]]$mean, now[[1]]$mean), sd=sqrt(c(now[[2]]$var, now[[1]]$var)), before=sd(c(t, r))) })
    list(effective=sapply(0:1, function(a) floor(sum(w[e$trt==a])^2/sum(w[e$trt==a]^2))), each=each) }
  lapply(methods, function(w) { step <- power(ave(w, e$site))/8; unit <- power(sum(round(w/step)*step)/nrow(e))
    list(unit=unit, sites=length(unique(e$site)), total=sapply(0:1, function(a) sum(w[e$trt==a])), exact=compared(w), rounded=compared(round(w/(unit/64))*(unit/64))) })
}
cat(toJSON(lapply(setNames(nm=names(ps)), one), auto_unbox=TRUE, digits=I(17), na="null", null="null"), "\n")
