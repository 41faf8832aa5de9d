"""Simulating: faults in copies of what was lived, and what the monitors and others make of them."""
