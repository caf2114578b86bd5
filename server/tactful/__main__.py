"""The command line as `python -m tactful`."""

from tactful.cli import main

main(prog_name="tactful")
