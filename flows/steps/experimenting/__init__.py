"""Experiments: walked in a process of their own inside a time box, weighed, recorded, shown, accepted."""
