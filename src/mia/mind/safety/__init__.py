"""What keeps words from doing harm: other people's on their way in, hers on their way out.

`untrusted`: the one place where text of strangers (viewers, Discord, memories) is made fit to
stand in a prompt.
"""
