"""The architectures, one paper a file, on any Keras backend."""
