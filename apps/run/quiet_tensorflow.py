"""Imports TensorFlow without what it says of its own build.

To be imported before anything that imports TensorFlow. Errors still come as exceptions.
"""

import os

# Before its log is set up TensorFlow heeds no level, hence the closed file.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_stderr, _nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
os.dup2(_nowhere, 2)
try:
    import tensorflow as tf
finally:
    os.dup2(_stderr, 2)
    os.close(_stderr)
    os.close(_nowhere)

# Its warnings are to those who write against it.
tf.get_logger().setLevel("ERROR")
