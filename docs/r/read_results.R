# Reads the folder of a run of riskset into data frames for ggplot2, survminer and gt. Base R is enough; with jsonlite
# installed, read_run() reads results.json too.
#
#   source("read_results.R")
#   run <- read_run("results/0f9a3c5e7b1d2468")
#   run$terms; run$curves; run$overview

# A CSV file of riskset: UTF-8 with a byte order mark; an empty field is missing; a text that a spreadsheet would take for
# a formula has an apostrophe before it, which is removed here.
read_riskset_csv <- function(path, numbers) {
  frame <- read.csv(path, fileEncoding = "UTF-8-BOM", check.names = FALSE, colClasses = "character", na.strings = "")
  for (name in names(frame)) {
    if (name %in% numbers) {
      # a number that is held back is a word in the file: NA here, and `reason` says why
      frame[[name]] <- suppressWarnings(as.numeric(frame[[name]]))
    } else {
      frame[[name]] <- sub("^'(?=[-=+@\t\r])", "", frame[[name]], perl = TRUE)
    }
  }
  frame
}

# One row for each coefficient, in the columns of broom::tidy() and some more. `estimate` and its limits are logarithms,
# `ratio`, `ratio.low` and `ratio.high` are not. `label` is a factor in the order of the file; terms_of() has a model's own.
read_terms <- function(folder) {
  numbers <- c("estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high",
               "ratio", "ratio.low", "ratio.high", "conf.level", "n", "n.event")
  terms <- read_riskset_csv(file.path(folder, "terms.csv"), numbers)
  label <- ifelse(is.na(terms$level), terms$variable, paste0(terms$variable, ": ", terms$level))
  terms$label <- factor(label, levels = unique(label))
  terms
}

# The coefficients of one result, with `label` a factor in the order of the model.
terms_of <- function(terms, result) {
  found <- terms[terms$result == result, ]
  if (nrow(found) == 0) stop("no terms of ", result, "; there are: ", paste(unique(terms$result), collapse = ", "))
  label <- as.character(found$label)
  found$label <- factor(label, levels = unique(label))
  found
}

# One row for each step of each curve, in the columns of survfit() and survminer::surv_summary(), with a row at time 0 before
# the first of each curve. `time` is in days; `strata` is a factor in the order of the study. `std.err` is that of `surv`,
# as summary(survfit()) has it.
read_curves <- function(folder) {
  numbers <- c("time", "n.risk", "n.event", "n.censor", "surv", "cuminc", "std.err", "lower", "upper",
               "cumhaz", "std.chaz")
  curves <- read_riskset_csv(file.path(folder, "curves.csv"), numbers)
  curves$strata <- factor(curves$strata, levels = unique(curves$strata[!is.na(curves$strata)]))
  at_zero <- function(curve) {
    if (is.na(curve$time[1])) return(curve)  # a result without a curve: `reason` says why
    first <- curve[1, ]
    is_survival <- first$kind == "km"  # also where the first number of the curve is held back
    first[c("time", "n.event", "std.err")] <- 0
    first$reason <- NA_character_
    if (is_survival) {
      first[c("n.censor", "cumhaz", "std.chaz")] <- 0
      first[c("surv", "lower", "upper")] <- 1
    } else {
      first[c("cuminc", "lower", "upper")] <- 0
    }
    rbind(first, curve)
  }
  # in the order of the file, whatever the names are
  key <- paste(curves$result, curves$strata, curves$cause, sep = "\r")
  parts <- split(curves, factor(key, levels = unique(key)))
  curves <- do.call(rbind, unname(lapply(parts, at_zero)))
  rownames(curves) <- NULL
  curves
}

# The curves of one result, ready for ggplot2 or survminer::ggsurvplot_df(): those of its arms, or that of all patients
# where it has no arms; of one cause, the endpoint's own unless another is named.
curves_of <- function(curves, result, cause = NULL) {
  found <- curves[curves$result == result, ]
  if (nrow(found) == 0) stop("no curves of ", result, "; there are: ", paste(unique(curves$result), collapse = ", "))
  if (!all(is.na(found$cause))) {
    chosen <- if (is.null(cause)) found$cause[1] else cause
    found <- found[found$cause == chosen, ]
  }
  if (any(!is.na(found$level))) found <- found[!is.na(found$level), ]
  found$strata <- droplevels(found$strata)
  found
}

# One row for each result: how it ended. NULL where jsonlite is not installed.
read_overview <- function(folder) {
  if (!requireNamespace("jsonlite", quietly = TRUE)) return(NULL)
  document <- jsonlite::fromJSON(file.path(folder, "results.json"), simplifyVector = FALSE)
  text <- function(value) if (is.null(value)) NA_character_ else as.character(value)
  rows <- lapply(document$results, function(one) {
    data.frame(id = one$id, kind = one$kind, endpoint = text(one$endpoint), population = text(one$population),
               status = one$status, rule = text(one$reason$rule), reason = text(one$reason$message))
  })
  do.call(rbind, rows)
}

read_run <- function(folder) {
  list(terms = read_terms(folder), curves = read_curves(folder), overview = read_overview(folder))
}
