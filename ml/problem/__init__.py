"""A prediction problem: its declaration, its rows, how they are split and encoded."""
