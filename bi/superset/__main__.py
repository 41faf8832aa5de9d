"""`python -m bi.superset`: write the folder that `superset import-directory` reads."""

from __future__ import annotations

from pathlib import Path

import click

from bi.superset.bundle import NoTables, write

PUBLISHED = Path("published/analytics.duckdb")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--published", type=click.Path(path_type=Path), default=PUBLISHED, show_default=True, help="The file that BI tools open."
)
@click.option(
    "--to", type=click.Path(path_type=Path), default=Path("published/superset"), show_default=True, help="The folder to write."
)
def superset(published: Path, to: Path) -> None:
    """Write a Superset dashboard for what is published: the models of all problems, and a dashboard of each problem.

    \b
    Then, where Superset is installed (docs/how-to/read-predictions.md):
      superset import-directory published/superset --overwrite --force

    Written again after a problem was added or its columns changed, it replaces the charts it made before and leaves others alone.
    The published file has to stand at the same path for Superset.
    """
    try:
        made = write(published.absolute(), to)
    except NoTables as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{to}: {', '.join(made)}")
    click.echo(f"next: superset import-directory {to} --overwrite --force")


if __name__ == "__main__":
    superset()
