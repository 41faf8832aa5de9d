"""The words of the page of figures, by section."""

HEAD = """# What it costs

Asof's macros beside their peers, point-in-time (polars, pandas, Feast) and of monitoring (Evidently, NannyML, NumPy,
scikit-learn): the same rows, the same run, equal answers.
Written by `python -m benchmarks report` from `benchmarks/results/`; `make bench` measures again."""

ASOF = """## As-of joins

Every decision asks five daily tables of fifteen features for their last row before it: joined by equality at the last
midnight (dense tables, as `trailing_daily` makes them), or by `last_before` (tables that may skip days). The last flight of
the aircraft is asked for to the instant, with an almost unique key each time: the macros' weakest case."""

FEAST = """## Feast's own path

The same joins on so many rows of the spine. Feast is asked for more until it does not come back, with its DuckDB store."""

TRAILING = """## Trailing windows

Three features: how many flights, their mean delay, the share disrupted. *To the instant* the window of 28 days ends at the
decision; *three windows* are 7, 28 and 90 days. *Per midnight* it ends at the last midnight before, which is what
`trailing_daily` tables hold. polars has two ways: rolling over facts and decisions in one frame, and running sums that
`join_asof` looks up at both ends of the window. The macros answer per key and instant, and every row is joined to its answer
within the clock."""

INCREMENT = """## A day's increment

Three incremental models (trailing windows by carrier, route and aircraft; a daily table; an as-of join) take one more day.
Seconds are those of the models: the start of dbt, which does not depend on the history, is in the CPU of the whole run."""

DRIFT = """## Drift

Eighteen numbers and seven categories of real flights, one of these with four thousand levels: July to December against
January to June. The macros give PSI, Jensen–Shannon, Kolmogorov–Smirnov and Wasserstein of every column: over distinct
values, over a grid of 4,096 cells that was laid beforehand, and over that grid with the counts of the reference kept.
*Production* is what a scoring run does: `ml.statistics.profile` counts the rows into the cells of the model, the counts go to
`ledger.profiles`, and `mon_drift_by_day` compares them; it counts what is missing as a group, so its PSI is another.
Evidently and NannyML bin in their own ways, so their distances are told and not judged; NumPy computes ours."""

ESTIMATION = """## Quality without labels

A million scores of a model before any label of them, as one period, by month and by week (production asks by week and month).
CBPE is fitted on the labels of three years before, outside the clock, and finds the scores in need of its isotonic calibration.
The macros read the knots of that calibration, so both sides calibrate within the clock, alike: points are joined as-of to the
knots, and `quality_of_counts` gives area, average precision, log loss and Brier score. CBPE is judged by the two of these that
it has, and measured with all seven metrics of its guide too; *fitted and asked* has the fit within the clock, which the
macros leave to the training, and is told and not judged. Of one period CBPE asks one sort and a few passes of NumPy, so there
is little to save: what it costs is the fit, and every further period. By week most points hold one row, and counting them
together gains nothing on cells."""

METRICS = """## Realised quality

Area, average precision, log loss, Brier score and calibration error of ten million scores. A model's scores repeat,
because decisions do; *every score distinct* is the macros' weakest case."""

LANDING = """## Landing

Visits of shops in eight columns of six types. To land is to find the records without the parser, to read every value in its
written form, to compare key and clock, and to insert: in a warehouse on disk, with a memory limit of 2 GB. DuckDB's `read_csv`
finds types by itself and writes a table of the same warehouse; pandas reads into memory; both believe what they read. One line
in a hundred is bad in addition to the good ones, so that all come to the same sums."""

METHOD = """## How it was measured

Every measurement is a process of its own. Contestants take turns (A B A B), and the figures are medians over the turns;
ratios are of the same run. The clock runs from opening Parquet files to having the answer in memory. Peak is the kernel's
high-water mark of the process; one that needs more than 8 GB or ten minutes is ended. Each answer is compared with the
macros', column by column, bit for bit; distances and metrics by how far they are apart, a null on one side being infinitely
far. Peers are locked with hashes in environments of their own (`benchmarks/peers/`). The macros are measured as dbt compiles
them, in DuckDB with a memory limit of 5 GB.

The flights are New York's of 2013, shifted by whole weeks into further years and flown by parallel networks, with a little
noise of delay per copy, day and origin (`benchmarks/flights.py`). They are good for costs, and say nothing about models."""
