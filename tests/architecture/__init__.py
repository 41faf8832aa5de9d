"""The laws of docs/architecture.md, as functions that name what breaks them, and tests that show both."""
