"""The documentation is tested: what it names exists."""
