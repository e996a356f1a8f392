"""Positions and matching: text with places, globs, expressions, numbers as people say them, whole files."""
