"""kerasapps: the deep-learning canon on TensorFlow and Keras 3."""

__version__ = "0.1.0"
