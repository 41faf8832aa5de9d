"""What runs inside the clock. Each function takes a dict of arguments and returns a function that writes its answer to Parquet.

A module here runs in its contestant's own environment, so it imports that contestant and the standard library, nothing else.
"""
