"""Scoring, shadow scoring, contracts, publishing."""
