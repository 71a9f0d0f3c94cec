"""Data sets as tf.data pipelines, and augmentation."""
