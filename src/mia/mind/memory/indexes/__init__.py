"""Indexes, one backend a module: the vectors nearest to a question's."""
