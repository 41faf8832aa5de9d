"""Doctor: looks at an installation and a warehouse, changes nothing, and says how to mend what it finds."""
