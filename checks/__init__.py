"""What is asked of data where it crosses between files, SQL and Python: Pandera schemas built from the declarations."""
