"""`python -m flows VERB`: one door for people and schedulers."""

import signal

if __name__ == "__main__":
    # Nothing has begun while Python still imports: Ctrl-C may end it without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from flows.cli.main import cli

if __name__ == "__main__":
    cli(prog_name="python -m flows")
