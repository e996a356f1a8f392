"""The run: checks, how loud they are, ignores, baselines and the report."""
