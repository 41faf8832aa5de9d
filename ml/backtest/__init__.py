"""History lived again under several policies of retraining: who would have been in office, how good, at what cost."""
