"""`python -m bench`: every benchmark, one after the other; `--file` keeps the results."""

from bench import spanish, start, talk

talk.main()
spanish.main()
start.main()
