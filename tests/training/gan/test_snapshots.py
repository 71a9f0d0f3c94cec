import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from kerasapps.errors import InputError
from kerasapps.training import fit_repair
from kerasapps.training.gan.snapshots import Snapshots, read
from kerasapps.training.optimizers import make_optimizer
from tests.checks import two_replicas

EPOCHS, STEPS = 3, 4
X = np.random.default_rng(0).normal(1, 2, (8 * STEPS, 3)).astype("float32")
INPUTS = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")


def build(ema=None):
    model = keras.Sequential(
        [
            keras.Input([3]),
            keras.layers.Dense(4, use_bias=False),
            keras.layers.BatchNormalization(synchronized=True),
            keras.layers.Dense(2, dtype="float32"),
        ]
    )
    optimizer = make_optimizer("adam", 0.1, ema=ema)
    model.compile(optimizer, loss="mse")
    model.optimizer.build(model.trainable_variables)
    optimizer.average_statistics(model)
    return model


def fit(model, *callbacks):
    data = tf.data.Dataset.from_tensor_slices((X, X[:, :2])).batch(8).repeat()
    data = model.distribute_strategy.experimental_distribute_dataset(data)
    model.fit(
        data,
        epochs=EPOCHS,
        steps_per_epoch=STEPS,
        shuffle=False,
        verbose=0,
        callbacks=[*callbacks],
    )
    return model.get_weights()


def outputs_and_image(model):
    image = np.full((3, 4, 4, 1), 9, np.uint8)
    return lambda: {"made": model(INPUTS).numpy(), "image": image}


def picture(epoch, arrays):
    return np.zeros((2, 2, 3), np.uint8)


def test_each_epoch_has_a_file_of_what_the_same_inputs_gave(tmp_path):
    keras.utils.set_random_seed(0)
    model = build()
    expected = [model(INPUTS).numpy()]
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: expected.append(model(INPUTS).numpy())
    )
    make = outputs_and_image(model)
    fit(model, note, Snapshots(tmp_path / "a" / "b", make, picture, tmp_path / "logs"))
    found = read(tmp_path / "a" / "b", 10)
    assert [epoch for epoch, _ in found] == [0, 1, 2, 3]
    for (_, arrays), made in zip(found, expected, strict=True):
        np.testing.assert_array_equal(arrays["made"], made)
        np.testing.assert_array_equal(arrays["image"], make()["image"])
    assert len({arrays["made"].tobytes() for _, arrays in found}) == 4
    assert len([*(tmp_path / "a" / "b").iterdir()]) == 4


def test_a_later_stage_counts_on_and_a_resumed_one_keeps_what_is_there(tmp_path):
    model = build()
    make = outputs_and_image(model)
    fit(model, Snapshots(tmp_path, make, picture, tmp_path / "logs"))
    before = (tmp_path / "00000.npz").read_bytes()
    fit(model, Snapshots(tmp_path, make, picture, tmp_path / "logs"))
    assert (tmp_path / "00000.npz").read_bytes() == before
    last = (tmp_path / "00003.npz").read_bytes()
    fit(
        model, Snapshots(tmp_path, make, picture, tmp_path / "logs", first_epoch=EPOCHS)
    )
    assert [epoch for epoch, _ in read(tmp_path, 10)] == [*range(2 * EPOCHS + 1)]
    assert (tmp_path / "00003.npz").read_bytes() == last


def test_an_error_leaves_no_half_file(tmp_path):
    class Full:
        def __array__(self, *arguments, **options):
            raise OSError("no space left")

    snapshots = Snapshots(
        tmp_path, lambda: {"a": X, "b": Full()}, picture, tmp_path / "logs"
    )
    with pytest.raises(OSError, match="no space"):
        fit(build(), snapshots)
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


@pytest.mark.parametrize(
    ("policy", "replicas"), [("float32", 1), ("mixed_float16", 1), ("float32", 2)]
)
def test_the_average_generates_and_does_not_change_the_training(
    policy, replicas, tmp_path
):
    def trained(*callbacks):
        keras.utils.set_random_seed(0)
        strategy = two_replicas() if replicas > 1 else tf.distribute.get_strategy()
        with strategy.scope():
            model = build(ema=0.7)
        if replicas > 1:
            fit_repair.repair(model)
        return fit(model, *(make(model) for make in callbacks))

    seen = []

    def noting(model):
        start.extend(model.get_weights())
        return keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: seen.append(
                (int(model.optimizer.iterations.numpy()), model.get_weights())
            )
        )

    def snapshots(model):
        return Snapshots(
            tmp_path / "files",
            lambda: {
                str(number): weight for number, weight in enumerate(model.get_weights())
            },
            picture,
            tmp_path / "logs",
        )

    start = []

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        plain = trained()
        with_snapshots = trained(noting, snapshots)
    finally:
        keras.config.set_dtype_policy(before)
    for one, other in zip(plain, with_snapshots, strict=True):
        np.testing.assert_array_equal(one, other)
    averages, found = None, dict(read(tmp_path / "files", 10))
    for number, weight in enumerate(start):
        # Nothing has been averaged yet.
        np.testing.assert_array_equal(found[0][str(number)], weight)
    done = 0
    for step, (iterations, weights) in enumerate(seen, start=1):
        # Loss scaling may leave a step out.
        if iterations == 1:
            averages = weights
        elif iterations > done:
            averages = [
                0.7 * a + 0.3 * w for a, w in zip(averages, weights, strict=True)
            ]
        done = iterations
        if step % STEPS == 0:
            for number, average in enumerate(averages):
                snapshot = found[step // STEPS][str(number)]
                np.testing.assert_allclose(snapshot, average, rtol=1e-4, atol=1e-6)
                assert not np.allclose(snapshot, weights[number], rtol=1e-3)


def test_tensorboard_shows_what_is_drawn(tmp_path):
    def draw(epoch, arrays):
        return np.full((3, 4, 3), 10 * epoch + arrays["image"][0, 0, 0, 0], np.uint8)

    model = build()
    make = outputs_and_image(model)
    fit(model, Snapshots(tmp_path, make, draw, tmp_path / "logs", first_epoch=7))
    events = EventAccumulator(str(tmp_path / "logs"), {"tensors": 0}).Reload()
    assert events.Tags()["tensors"] == ["samples"]
    found = events.Tensors("samples")
    assert [event.step for event in found] == [7, 8, 9, 10]
    for event in found:
        _, _, encoded = event.tensor_proto.string_val
        picture = tf.io.decode_png(encoded).numpy()
        assert picture.shape == (3, 4, 3)
        assert np.unique(picture).tolist() == [10 * event.step + 9]


@pytest.mark.parametrize(
    ("files", "limit", "expected"),
    [
        (5, 5, [0, 1, 2, 3, 4]),
        (5, 9, [0, 1, 2, 3, 4]),
        # Of places 1, 10, 100, and of 1, 2, 4, 8, 16, 32.
        (100, 3, [0, 9, 99]),
        (32, 6, [0, 1, 3, 7, 15, 31]),
        (10, 9, [0, 1, 2, 3, 4, 5, 6, 7, 9]),
    ],
)
def test_of_many_snapshots_some_are_read(files, limit, expected, tmp_path):
    for epoch in reversed(range(files)):
        np.savez(tmp_path / f"{epoch:05}.npz", epoch=epoch)
    for name in (".partial-12345678-00000.npz", "mine.npz"):
        (tmp_path / name).write_bytes(b"half")
    found = read(tmp_path, limit)
    assert [epoch for epoch, _ in found] == expected
    assert [int(arrays["epoch"]) for _, arrays in found] == expected


@pytest.mark.parametrize("content", [b"", b"half", b"PK\x03\x04" + bytes(99)])
def test_a_damaged_snapshot_is_named(content, tmp_path):
    (tmp_path / "00001.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"00001\.npz is damaged or no snapshot"):
        read(tmp_path)
