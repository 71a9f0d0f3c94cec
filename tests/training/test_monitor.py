import keras
import numpy as np
import pytest

from kerasapps.training.averages import averaged, averaging
from kerasapps.training.monitor import (
    BestWeights,
    EarlyStopping,
    Evaluators,
    Monitor,
    Plateau,
)
from kerasapps.training.optimizers import SGD


def trained(callbacks, epochs=1, **optimizer):
    """Trains y = w x from w = 0 toward 8, at a fixed step; w of each epoch is known."""
    x = keras.Input([1])
    model = keras.Model(x, keras.layers.Dense(1, use_bias=False)(x))
    model.set_weights([np.zeros([1, 1])])
    model.compile(SGD(learning_rate=0.25, **optimizer), "mse")
    inputs = np.ones([1, 1], "float32")
    history = model.fit(
        inputs, 8 * inputs, epochs=epochs, callbacks=callbacks, verbose=0
    )
    return model, history.history


class Values(keras.callbacks.Callback):
    """Gives the epochs a metric with known values."""

    def __init__(self, *values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["f"] = self.values[epoch]


class Raw(keras.callbacks.Callback):
    """Notes the weight itself after each epoch."""

    def __init__(self):
        super().__init__()
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(weight(self.model))


def weight(model):
    return model.get_weights()[0].item()


def test_evaluators_join_the_history():
    seen = Evaluators([lambda m: {"w": weight(m)}, lambda m: {"two": 2.0}])
    _, history = trained([seen], epochs=3)
    # Each step halves the distance from 8.
    np.testing.assert_allclose(history["w"], [4, 6, 7])
    assert history["two"] == [2.0] * 3


def test_evaluators_see_the_moving_average():
    seen = Evaluators([lambda m: {"w": weight(m)}])
    raw = Raw()
    _, history = trained([seen, raw], epochs=2, use_ema=True, ema_momentum=0.5)
    # The first average is the weight itself: 4, then half of that and half of 6.
    np.testing.assert_allclose(raw.weights, [4, 6])
    np.testing.assert_allclose(history["w"], [4, 5], rtol=1e-5)


def test_the_average_is_in_place_only_within():
    model, _ = trained([], epochs=2)
    assert averaging(model) is None
    with averaged(model):
        assert weight(model) == 6


@pytest.mark.parametrize(
    ("mode", "values", "best"),
    [("max", (1, 3, 3, 2), 1), ("min", (3, 2, 4, 1), 3), ("max", (5, 3, 4, 5), 0)],
)
def test_the_weights_of_the_best_epoch(mode, values, best, tmp_path):
    kept = BestWeights(tmp_path / "best", Monitor("f", mode))
    model, _ = trained([Values(*values), kept], epochs=4)
    assert weight(model) == 7.5
    kept.restore(model)
    assert weight(model) == (4, 6, 7, 7.5)[best]
    assert (kept.best, kept.best_epoch) == (values[best], best)
    # Into a new process they come by the state and the file.
    again = BestWeights(tmp_path / "best", Monitor("f", mode))
    for name in BestWeights.STATE:
        setattr(again, name, getattr(kept, name))
    model.set_weights([np.zeros([1, 1])])
    again.restore(model)
    assert weight(model) == (4, 6, 7, 7.5)[best]
    # That of the epoch before is there too, and no more.
    assert len(list((tmp_path / "best").iterdir())) <= 2


def test_without_an_epoch_nothing_is_restored(tmp_path):
    model, _ = trained([])
    BestWeights(tmp_path, Monitor("f", "max")).restore(model)
    assert weight(model) == 4


def test_early_stopping():
    stop = EarlyStopping(Monitor("f", "max"), 2)
    _, history = trained([Values(1, 2, 1, 2, 9, 9), stop], epochs=6)
    assert len(history["f"]) == 4
    assert stop.is_over()
    stop = EarlyStopping(Monitor("f", "min"), 2)
    trained([Values(3, 2, 2, 1), stop], epochs=4)
    assert not stop.is_over()


def test_plateau():
    plateau = Plateau(Monitor("f", "max"), 1.5, 0.1)
    model, _ = trained([Values(2, 1, 1, 1), plateau], epochs=4)
    np.testing.assert_allclose(model.optimizer.learning_rate, 0.025)
