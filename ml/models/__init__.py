"""From rows to a model, from a model to scores, reasons and decisions."""
