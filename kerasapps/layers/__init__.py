"""Building blocks, one a file, on any Keras backend."""
