"""History replayed under several policies of retraining: who would have been champion, how good, at what cost."""
