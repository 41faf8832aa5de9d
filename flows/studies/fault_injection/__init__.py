"""Simulating: faults in copies of the serving history, and what the monitors and others make of them."""
