"""Pictures: arrays in, a matplotlib figure out."""
