"""Imports TensorFlow as Keras's backend, without what it says of its own build.

To be imported before anything that imports TensorFlow. Errors still come as exceptions.
"""

import os
import sys

# Models run on every backend; what trains them, and what serves them, on this one.
if os.environ.setdefault("KERAS_BACKEND", "tensorflow") != "tensorflow":
    sys.exit(
        f"error: KERAS_BACKEND={os.environ['KERAS_BACKEND']}: the apps train and "
        "export with TensorFlow; leave it out, or give KERAS_BACKEND=tensorflow"
    )

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
