"""One round on a site: hand out, fire, gather. Owns time and cancellation."""
