"""Weights of trained networks, in files and from elsewhere."""
