#!/usr/bin/env Rscript
# Makes rhdnase.csv beside it from survival::rhDNase (R 4.2.2, survival 3.5-3): one row per patient, time to first exacerbation.
# usage: Rscript rhdnase.R   (in this folder)
suppressMessages(library(survival))

# rhDNase has one row per exacerbation, in order of time, or one row without ivstart for a patient who had none.
d <- rhDNase
same <- d$id[-1] == d$id[-nrow(d)]
stopifnot(!is.unsorted(d$id), all(diff(d$ivstart)[same] > 0))
first <- subset(d, !duplicated(id))

# Six patients were on intravenous antibiotics at randomisation (ivstart from -49 to -9). That exacerbation is not an event
# (?rhDNase), and until it ended they could not have a first one. They are left out: what is left starts at risk on day 0,
# and the exclusion depends on nothing that came after randomisation.
first <- subset(first, is.na(ivstart) | ivstart > 0)

event <- !is.na(first$ivstart)
follow_up <- as.numeric(first$end.dt - first$entry.dt)
d <- data.frame(id = first$id, site = sprintf("I%02d", first$inst), time = ifelse(event, first$ivstart, follow_up),
                event = as.integer(event), trt = first$trt, fev = round(first$fev, 1))
stopifnot(nrow(d) == 641, sum(d$event) == 241, length(unique(d$site)) == 51, all(d$time > 0), all(d$time <= follow_up),
          !anyNA(d), all(abs(d$fev - first$fev) < 1e-9))
write.csv(d, "rhdnase.csv", row.names = FALSE, quote = FALSE)
