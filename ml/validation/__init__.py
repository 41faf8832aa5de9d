"""May a challenger replace the champion: gates, the verdict, the numbers of a model card."""
