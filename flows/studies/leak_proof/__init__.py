"""The proof that features hold nothing from the future: rebuilds by a copy of the project, compared."""
