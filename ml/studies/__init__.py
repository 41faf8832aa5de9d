"""The arithmetic of studies: experiments, backtests, feasibility, faults put into real rows."""
