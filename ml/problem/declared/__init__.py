"""A declaration as pydantic dataclasses, a file for each section; `spec.Declared` holds them all."""
