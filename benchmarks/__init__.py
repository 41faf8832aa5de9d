"""What Asof's macros cost beside its peers, on the same rows in the same run: `make bench`, or `python -m benchmarks --help`."""
