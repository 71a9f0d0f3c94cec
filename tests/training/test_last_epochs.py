"""The mean of what a network was like after its last epochs."""

import keras
import numpy as np

from kerasapps.training.last_epochs import LastEpochs


def test_the_mean_of_the_last_epochs(tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])
    model.compile("sgd", "mse", jit_compile=False)
    seen = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(model.get_weights())
    )
    last = LastEpochs(tmp_path / "epochs", 5, 2)
    x = np.random.default_rng(0).normal(size=(8, 3))
    # As if it had been killed and resumed.
    for first, end in ((0, 4), (4, 5)):
        model.fit(
            x,
            x[:, :2],
            initial_epoch=first,
            epochs=end,
            callbacks=[note, last],
            verbose=0,
        )
    names = [path.name for path in sorted((tmp_path / "epochs").iterdir())]
    assert names == ["00003.npz", "00004.npz"]
    last.average(model)
    for got, *two in zip(model.get_weights(), *seen[-2:], strict=True):
        np.testing.assert_allclose(got, np.mean(two, axis=0), rtol=1e-6)
        assert not np.allclose(got, two[1], rtol=1e-4)


def test_more_than_there_are_means_all(tmp_path):
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    last = LastEpochs(tmp_path, 2, 9)
    model.fit(np.ones((4, 1)), np.zeros((4, 1)), epochs=2, callbacks=[last], verbose=0)
    assert len([*tmp_path.iterdir()]) == 2
