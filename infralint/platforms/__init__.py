"""What each vendor's settings mean, free of how they are written down."""
