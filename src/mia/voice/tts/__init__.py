"""Voices, one backend a module."""
