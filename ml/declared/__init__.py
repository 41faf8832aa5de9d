"""Sections of a problem's declaration, a file each."""
