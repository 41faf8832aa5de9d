"""Why a training starts, and the training."""
