"""Whether machine learning is worth it: measures on arrays, and the recommendation that follows from them."""
