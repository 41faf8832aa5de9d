"""Purging: a person's rows are found by the lineage of columns, removed from every table and file of ours, and stay away."""
