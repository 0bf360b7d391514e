"""Language models, one backend a module."""
