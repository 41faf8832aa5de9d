"""A Superset dashboard from the published file: `python -m bi.superset`, then one import command."""
