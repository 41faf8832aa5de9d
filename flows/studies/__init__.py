"""What never runs by the hour: each study with its runner and its page."""
