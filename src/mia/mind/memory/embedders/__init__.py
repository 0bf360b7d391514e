"""Embedders, one backend a module: texts to vectors, so that what is meant alike lies close."""
