"""`python -m flows VERB`: one door for people and schedulers."""

from flows.cli import cli

if __name__ == "__main__":
    cli()
