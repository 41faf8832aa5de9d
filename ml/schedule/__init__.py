"""When things are due: the calendar of a place, the policy of retraining, the phases of a tick."""
