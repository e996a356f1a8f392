"""Reporters: a report as text for people or data for machines."""
