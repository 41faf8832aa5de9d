"""What a pipeline calls, a room for each phase; rooms of different phases know nothing of each other."""
