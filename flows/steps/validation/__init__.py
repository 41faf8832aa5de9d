"""What a verdict rests on, the verdict, and the promotion."""
