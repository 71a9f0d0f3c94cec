"""The metric by which a training is steered, and what looks at it.

Callbacks come with the names of the attributes that are their state, as
`kerasapps.training.checkpoint.Checkpoint` takes them.
"""

import math
import pathlib
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import keras

from kerasapps.training import epoch_weights
from kerasapps.training.averages import averaged


class Monitor(NamedTuple):
    """A metric of an epoch.

    Attributes:
        metric: Its name in the history, for example "val_accuracy".
        mode: Whether more is better, "max", or less, "min".
    """

    metric: str
    mode: Literal["max", "min"]


class Evaluators(keras.callbacks.Callback):
    """Lets the values of functions join the history at the end of each epoch.

    Where the optimizer keeps a moving average of the weights, that is what they see.

    Args:
        functions: Each takes the model and returns floats by their names.
    """

    def __init__(self, functions: Sequence[Callable[[keras.Model], dict[str, float]]]):
        super().__init__()
        self._functions = functions

    def on_epoch_end(self, epoch, logs=None):
        """Adds their values to the epoch's."""
        with averaged(self.model):
            for function in self._functions:
                logs.update(function(self.model))


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the best epoch in a file, to take them at the end.

    Where the optimizer keeps a moving average of the weights, that is what is kept. The
    file is named by its epoch, and the one before it stays until the next is written: a
    run that is resumed from an earlier checkpoint finds the one that was best then.

    Args:
        directory: Where the files go, `<epoch>.npz`.
        monitor: What tells which epoch is the best; of equal ones it is the first.

    Attributes:
        best: The best value, None before the first.
        best_epoch: Its epoch, from 0.
    """

    STATE = ("best", "best_epoch")

    def __init__(self, directory: pathlib.Path, monitor: Monitor):
        super().__init__()
        self._directory = directory
        self._monitor = monitor
        self.best: float | None = None
        self.best_epoch: int | None = None

    def best_of_all(self) -> str:
        """Returns which epoch was the best, as it is told to people."""
        if self.best_epoch is None:
            return "the last epoch"
        return f"epoch {self.best_epoch + 1}, {self._monitor.metric} {self.best:.4g}"

    def on_epoch_end(self, epoch, logs=None):
        """Writes the epoch's weights, if it is the best so far."""
        value = float(logs[self._monitor.metric])
        more = self._monitor.mode == "max"
        if self.best is not None and not (
            value > self.best if more else value < self.best
        ):
            return
        kept = {self._file(epoch), self._file(self.best_epoch)}
        with averaged(self.model):
            epoch_weights.save(self.model, self._file(epoch))
        for old in set(self._directory.glob("[0-9]*.npz")) - kept:
            old.unlink()
        self.best, self.best_epoch = value, epoch

    def restore(self, model: keras.Model) -> None:
        """Gives a model the weights of the best epoch, if there was one."""
        if self.best_epoch is None:
            return
        model.set_weights(epoch_weights.load(self._file(self.best_epoch), model))

    def _file(self, epoch):
        return self._directory / f"{-1 if epoch is None else epoch:05}.npz"


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Ends the training after epochs without a better value.

    Args:
        monitor: What is looked at.
        patience: How many such epochs.
    """

    STATE = ("best", "wait")

    def __init__(self, monitor: Monitor, patience: int):
        super().__init__(monitor.metric, mode=monitor.mode, patience=patience)

    def is_over(self) -> bool:
        """Returns whether a training that was restored has ended already."""
        return self.wait >= self.patience


class Plateau(keras.callbacks.ReduceLROnPlateau):
    """Lowers the learning rate after epochs without a better value.

    Args:
        monitor: What is looked at.
        patience: How many such epochs; a part of one counts as a whole.
        factor: What the rate is multiplied by.
    """

    STATE = ("best", "wait", "cooldown_counter")

    def __init__(self, monitor: Monitor, patience: float, factor: float):
        super().__init__(
            monitor.metric,
            mode=monitor.mode,
            min_delta=0,
            factor=factor,
            patience=math.ceil(patience),
        )
