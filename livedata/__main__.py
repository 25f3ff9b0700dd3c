"""`python -m livedata`: the command line."""

from .cli.main import main

main()
