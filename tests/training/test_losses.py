import keras
import numpy as np
import pytest

from kerasapps.training.losses import SmoothedCrossentropy

LOGITS = np.random.default_rng(0).normal(0, 3, [5, 4]).astype("float32")
LABELS = np.array([0, 3, 1, 3, 2])


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(
    "labels",
    [LABELS, LABELS[:, None], LABELS.astype("uint8"), LABELS.astype("float32")],
)
def test_equals_keras_loss_of_one_hot_labels(labels, label_smoothing):
    loss = SmoothedCrossentropy(label_smoothing)
    expected = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=label_smoothing
    )(np.eye(4)[LABELS], LOGITS)
    assert float(loss(labels, LOGITS)) == pytest.approx(float(expected), rel=1e-5)


def test_by_hand():
    # Logits log(1, 2, 5): probabilities 1/8, 2/8, 5/8. Targets 0.9, 0.05, 0.05.
    loss = SmoothedCrossentropy(0.15)([0], np.log([[1.0, 2.0, 5.0]]))
    expected = -(0.9 * np.log(1 / 8) + 0.05 * np.log(2 / 8) + 0.05 * np.log(5 / 8))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_low_precision_logits(dtype):
    logits = keras.ops.cast(LOGITS, dtype)
    in_full = keras.ops.cast(logits, "float32")
    loss = SmoothedCrossentropy(0.1)
    assert float(loss(LABELS, logits)) == pytest.approx(
        float(loss(LABELS, in_full)), rel=1e-2
    )


def test_one_loss_for_each_example():
    loss = SmoothedCrossentropy(0.1, reduction=None)
    assert loss(LABELS[:, None], LOGITS).shape == (5,)
    weighted = SmoothedCrossentropy(0.1, reduction="sum")(
        LABELS, LOGITS, sample_weight=[1, 0, 0, 0, 2]
    )
    each = keras.ops.convert_to_numpy(loss(LABELS, LOGITS))
    assert float(weighted) == pytest.approx(each[0] + 2 * each[4], rel=1e-5)


def test_config():
    loss = SmoothedCrossentropy(0.3, reduction="sum", name="smoothed")
    saved = keras.saving.serialize_keras_object(loss)
    restored = keras.saving.deserialize_keras_object(saved)
    assert restored.get_config() == loss.get_config()
    assert (restored.label_smoothing, restored.name) == (0.3, "smoothed")
    assert float(restored(LABELS, LOGITS)) == float(loss(LABELS, LOGITS))
