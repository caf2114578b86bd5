"""`python -m tactful`: the command line."""

from tactful.cli import main

main(prog_name="tactful")
