"""Backups: a copy of what cannot be rebuilt, of one moment, that was tried before it got its name."""
