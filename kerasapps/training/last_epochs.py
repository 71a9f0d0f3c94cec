"""Averaging what a network is like after each of its last epochs."""

import pathlib

import keras
import numpy as np

from kerasapps.training import epoch_weights


class LastEpochs(keras.callbacks.Callback):
    """Keeps the weights after each of the last epochs, to take their mean.

    Vaswani et al., "Attention Is All You Need", 2017, section 6.1, take the mean of the
    last checkpoints. The files stay where a run that is resumed finds them.

    Args:
        directory: Where the files go, `<epoch>.npz`.
        epochs: Epochs of the whole training.
        count: How many of them to average.
    """

    def __init__(self, directory: pathlib.Path, epochs: int, count: int):
        super().__init__()
        self._files = [
            directory / f"{epoch:05}.npz"
            for epoch in range(max(epochs - count, 0), epochs)
        ]

    def on_epoch_end(self, epoch, logs=None):
        """Writes the epoch's file, if it is one of the last."""
        for file in self._files:
            if int(file.stem) == epoch:
                epoch_weights.save(self.model, file)

    def average(self, model: keras.Model) -> None:
        """Gives a model the mean of what was kept.

        Args:
            model: The model that was trained.

        Raises:
            InputError: If a file is missing or damaged.
        """
        weights = model.get_weights()
        sums = [np.zeros(weight.shape, np.float64) for weight in weights]
        for file in self._files:
            kept = epoch_weights.load(file, model)
            sums = [total + array for total, array in zip(sums, kept, strict=True)]
        means = [
            (total / len(self._files)).astype(weight.dtype)
            for total, weight in zip(sums, weights, strict=True)
        ]
        model.set_weights(means)
