"""Checkpoints from which a killed run goes on as if it had not been killed."""

import hashlib
import json
import math
import mmap
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from kerasapps.errors import InputError

_KEPT = 2
# An npz is a zip, whose own checksums leave out its directory. Readers of a zip pass
# over what follows it.
_DIGEST_BYTES = hashlib.sha256().digest_size
# A loss-scaling optimizer leaves out a step whose gradients aren't finite and halves
# its scale, without a word. That is normal from 2**15 to where float16 holds them.
_LEAST_LOSS_SCALE = 2.0**-10


class NonFiniteError(InputError):
    """The loss or a weight is no longer finite."""


class Checkpoint(keras.callbacks.Callback):
    """Saves all that a run consists of, and restores it into a new process.

    Saved are the model's variables, its optimizers', its metrics' and its random seed
    generators' (each replica's own values), the history, and the position in the data.
    Everything goes into one file, an npz without pickles and with a checksum, that
    appears whole or not at all. `keras.callbacks.BackupAndRestore` keeps neither seed
    generators nor metrics nor the position within an epoch.

    It must be the last of the callbacks: what it saves at the end of an epoch is what
    the others have made of it. Pass `history` to `fit` beside it.

    Args:
        directory: Where the files are kept, `checkpoint-<step>.npz`.
        steps_per_epoch: Steps in an epoch, as given to `fit`.
        save_every: Steps between two files; one is written after each epoch anyway.
        history: The run's history.
        stateful: Callbacks to restore, each with the names of the attributes that are
            its state.
        data: What the data is like, fit for JSON: a run on other data isn't resumed.
        agree: Called with the steps that this worker could resume from; returns those
            that every worker can resume from. With one worker, all of them.
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        steps_per_epoch: int,
        save_every: int,
        history: keras.callbacks.History,
        stateful: Sequence[tuple[keras.callbacks.Callback, Sequence[str]]] = (),
        data: Mapping[str, Any] | None = None,
        agree: Callable[[list[int]], list[int]] = lambda steps: steps,
    ):
        super().__init__()
        self._directory = pathlib.Path(directory)
        self._steps_per_epoch = steps_per_epoch
        self._save_every = save_every
        self._history = history
        self._stateful = stateful
        self._data = {"steps_per_epoch": steps_per_epoch, **(data or {})}
        self._agree = agree
        self._restored: tuple[dict, list[np.ndarray]] | None = None
        self.epoch = 0
        self.step = 0  # Steps done in this epoch.

    def restore(self, model: keras.Model) -> bool:
        """Restores the newest whole checkpoint; to be called right before `fit`.

        The model must be built, its optimizers and metrics too. Sets `epoch`, which is
        `fit`'s `initial_epoch`, and `step`: the data given to `fit` must begin there.

        Returns:
            Whether there was one.

        Raises:
            InputError: If the checkpoint is of another model, or of other data.
        """
        whole = {}
        for path in sorted(self._directory.glob("checkpoint-*.npz")):
            if _is_whole(path):
                whole[_step(path)] = path
            else:
                logging.warning("%s is damaged: not used", path)
        newest = max(self._agree(sorted(whole)), default=-1)
        # What lies beyond is of another course than the one that goes on from here.
        for path in self._directory.glob("checkpoint-*.npz"):
            if _step(path) > newest:
                path.unlink()
        if newest < 0:
            return False
        self._restored = state, _ = _load(whole[newest])
        for name, value in self._data.items():
            if state["data"].get(name) != value:
                raise InputError(
                    f"the data has changed since {self._directory} was written (its "
                    f"{name}); keep checkpoints in another directory"
                )
        self.epoch, self.step = state["epoch"], state["step"]
        self._assign(model, *self._restored)
        return True

    def on_epoch_begin(self, epoch, logs=None):
        """After a restart, puts back what `fit` has just reset."""
        self.epoch = epoch
        if self._restored is not None:
            self._assign(self.model, *self._restored)
            self._restored = None
            if self.step:
                self._skip(self.step)
            else:
                self.model.reset_metrics()

    def on_train_batch_end(self, batch, logs=None):
        """Stops where the loss isn't finite; saves every so many steps."""
        if batch < self.step:
            return  # Skipped: done before the restart.
        self.step = batch + 1
        for name, value in (logs or {}).items():
            if name.endswith("loss") and not np.isfinite(value):
                self._stop(f"the {name.replace('_', ' ')} is {float(value)}")
        total = self.epoch * self._steps_per_epoch + self.step
        if total % self._save_every == 0 and self.step < self._steps_per_epoch:
            self._save()

    def on_epoch_end(self, epoch, logs=None):
        """Saves, as the beginning of the next epoch."""
        for optimizer in _optimizers(self.model):
            scale = getattr(optimizer, "dynamic_scale", None)
            if scale is not None and _number(scale) < _LEAST_LOSS_SCALE:
                what = "the gradients are no longer finite, whatever the loss scale,"
                self._stop(what)
        self.epoch, self.step = epoch + 1, 0
        self._save()

    def _skip(self, steps):
        # `fit` counts its steps from 0. Those that were done before the restart pass
        # without effect, so that every callback counts right.
        train_function = self.model.train_function

        def skip(iterator):
            nonlocal steps
            if steps:
                steps -= 1
                return {}
            self.model.train_function = train_function
            return train_function(iterator)

        self.model.train_function = skip

    def _assign(self, model, state, values):
        variables = _variables(model)
        described = [_describe(v) for v in variables]
        if state["variables"] != described:
            raise InputError(
                f"the checkpoints in {self._directory} are of another model or "
                "optimizer; keep checkpoints in another directory"
            )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        self._history.epoch = list(range(self.epoch))
        self._history.history = {k: list(v) for k, v in state["history"].items()}
        for (callback, names), saved in zip(
            self._stateful, state["callbacks"], strict=True
        ):
            for name in names:
                setattr(callback, name, saved[name])

    def _save(self):
        variables = _variables(self.model)
        values = [v.numpy() for v in variables]
        for variable, value in zip(variables, values, strict=True):
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                self._stop(f"the weight {variable.name} is no longer finite")
        state = {
            "epoch": self.epoch,
            "step": self.step,
            "history": {
                k: [float(x) for x in v] for k, v in self._history.history.items()
            },
            "callbacks": [
                {name: _plain(getattr(callback, name)) for name in names}
                for callback, names in self._stateful
            ],
            "variables": [_describe(v) for v in variables],
            "data": self._data,
        }
        total = self.epoch * self._steps_per_epoch + self.step
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f"checkpoint-{total:010d}.npz"
        partial = path.with_suffix(".partial")
        with open(partial, "w+b") as file:
            header = np.frombuffer(json.dumps(state).encode(), np.uint8)
            np.savez(file, header, *values, allow_pickle=False)
            file.seek(0)
            file.write(hashlib.file_digest(file, "sha256").digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        for old in sorted(self._directory.glob("checkpoint-*.npz"))[:-_KEPT]:
            old.unlink()

    def _stop(self, what):
        kept = sorted(self._directory.glob("checkpoint-*.npz"))
        good = (
            f"the last good checkpoint is {kept[-1]}" if kept else "no checkpoint yet"
        )
        step = self.epoch * self._steps_per_epoch + self.step
        epoch = math.ceil(step / self._steps_per_epoch)
        # The step has counted already, and its rate was that of the count before.
        self.model.optimizer.iterations.assign(
            max(_number(self.model.optimizer.iterations) - 1, 0)
        )
        rate = _number(self.model.optimizer.learning_rate)
        raise NonFiniteError(
            f"{what} at step {step} (epoch {epoch}), "
            f"learning rate {rate:g}; {good}; try a lower learning rate",
            argument="learning_rate",
        )


def _optimizers(model):
    """Returns the optimizers of a model, one as most have or more."""
    return [
        value
        for _, value in sorted(vars(model).items())
        if isinstance(value, keras.optimizers.Optimizer)
    ]


def _variables(model):
    """Returns the run's tf.Variables, each replica's own, in a fixed order."""
    owners = [model, *model.metrics, *_optimizers(model)]
    found = {id(v): v.value for owner in owners for v in owner.variables}
    return [
        part
        for variable in found.values()
        for part in model.distribute_strategy.experimental_local_results(variable)
    ]


def _step(path):
    return int(path.stem.split("-")[1])


def _number(scalar):
    return tf.convert_to_tensor(scalar).numpy().item()


def _describe(variable):
    return [variable.dtype.name, variable.shape.as_list()]


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


def _is_whole(path):
    """Returns whether a file ends with the SHA-256 of what comes before."""
    if path.stat().st_size <= _DIGEST_BYTES:
        return False
    with (
        open(path, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        memoryview(content) as view,
        view[:-_DIGEST_BYTES] as body,
    ):
        return hashlib.sha256(body).digest() == content[-_DIGEST_BYTES:]


def _load(path):
    with np.load(path, allow_pickle=False) as archive:
        header, *values = (archive[name] for name in archive.files)
    return json.loads(header.tobytes()), values
