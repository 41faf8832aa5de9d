"""From landed files to features and labels, and people's feedback on predictions."""
