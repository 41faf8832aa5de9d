"""The proof that features hold nothing from the future: scratch worlds, built by a copy of the project and compared."""
