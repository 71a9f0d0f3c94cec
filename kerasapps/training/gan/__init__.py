"""Training generators against discriminators."""
