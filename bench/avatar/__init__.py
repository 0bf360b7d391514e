"""Measures the avatar: its outputs, and the face they show."""
