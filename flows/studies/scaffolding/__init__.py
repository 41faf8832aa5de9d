"""The way in: from files of any kind to a declared source, and from a sentence to a problem. What it writes belongs to people."""
