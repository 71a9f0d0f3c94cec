"""Snapshots: the output of a generator for the same inputs, epoch by epoch."""

import pathlib
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.replacing import replacing


class Snapshots(keras.callbacks.Callback):
    """Writes snapshots to files, and pictures of them to TensorBoard.

    Where the optimizer keeps a moving average of the weights, that average generates.

    Args:
        directory: Where the files go, `<epoch>.npz`.
        make: Called without arguments; returns arrays by their names.
        draw: From an epoch and these arrays to a picture, uint8 `[height, width,
            channels]`.
        logs: TensorBoard's directory.
        first_epoch: Epochs of earlier stages of the same run.
    """

    def __init__(
        self,
        directory: pathlib.Path,
        make: Callable[[], dict[str, np.ndarray]],
        draw: Callable[[int, dict[str, np.ndarray]], np.ndarray],
        logs: pathlib.Path,
        first_epoch: int = 0,
    ):
        super().__init__()
        self._directory = directory
        self._make = make
        self._draw = draw
        self._logs = logs
        self._first_epoch = first_epoch

    def on_train_begin(self, logs=None):
        """Opens TensorBoard's file; keeps what is made before any training."""
        self._writer = tf.summary.create_file_writer(str(self._logs))
        if not self._file(0).exists():
            self._write(0)

    def on_epoch_end(self, epoch, logs=None):
        """Writes the epoch's file."""
        self._write(epoch + 1)

    def on_train_end(self, logs=None):
        """Closes TensorBoard's file."""
        self._writer.close()

    def _file(self, epoch):
        return self._directory / f"{self._first_epoch + epoch:05}.npz"

    def _write(self, epoch):
        made = self._averaged()
        self._directory.mkdir(parents=True, exist_ok=True)
        with replacing(self._file(epoch)) as partial, open(partial, "wb") as file:
            np.savez_compressed(file, **made)
        epoch += self._first_epoch
        with self._writer.as_default(epoch):
            tf.summary.image("samples", self._draw(epoch, made)[None])
        self._writer.flush()

    def _averaged(self):
        optimizer = getattr(
            self.model.optimizer, "inner_optimizer", self.model.optimizer
        )
        # Before the first step the averages are zeros.
        if not optimizer.use_ema or not keras.ops.convert_to_numpy(
            optimizer.iterations
        ):
            return self._make()
        # Keras's callback swaps by sums, which change the weights by their rounding.
        weights = optimizer._trainable_variables
        raw = [weight.numpy() for weight in weights]
        averages = optimizer._model_variables_moving_average
        for weight, average in zip(weights, averages, strict=True):
            weight.assign(average)
        made = self._make()
        for weight, value in zip(weights, raw, strict=True):
            weight.assign(value)
        return made


def read(
    directory: pathlib.Path, limit: int | None = None
) -> list[tuple[int, dict[str, np.ndarray]]]:
    """Returns snapshots, the first and the last among them.

    Args:
        directory: Where they are.
        limit: The largest number of them; None for all. Of more, some as evenly spaced
            as can be in the logarithm of the epoch, for most happens early.

    Returns:
        Pairs of an epoch and its arrays by their names.

    Raises:
        InputError: If a file isn't a whole one of `Snapshots`.
    """
    # A user's own files may lie beside them.
    files = sorted(f for f in directory.glob("*.npz") if f.stem.isdecimal())
    if limit is not None and len(files) > limit:
        places = np.geomspace(1, len(files), limit).round().astype(int)
        # Where the first of these are the same, as many of the next are taken.
        places = np.maximum(places, np.arange(1, limit + 1))
        files = [files[place - 1] for place in places]
    found = []
    for file in files:
        try:
            with np.load(file, allow_pickle=False) as arrays:
                found.append((int(file.stem), dict(arrays)))
        # A damaged zip fails anywhere.
        except Exception as error:
            raise InputError(
                f"{file} is damaged or no snapshot; move it away to go without it"
            ) from error
    return found
