"""Machine learning on arrays: pure functions on Arrow and NumPy, without input or output."""
