"""The flows of Asof: one short paragraph per phase of the machine-learning life cycle."""
