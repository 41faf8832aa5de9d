"""A backtest's input and output: rows and prices in, a table and a page out."""
