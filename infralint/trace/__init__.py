"""Which streams there are, and which way each takes."""
