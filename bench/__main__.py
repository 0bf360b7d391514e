"""`python -m bench`: every benchmark, one after the other; `--file` keeps the results."""

from bench import start, talk

talk.main()
start.main()
