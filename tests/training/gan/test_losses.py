import numpy as np
import pytest
import tensorflow as tf

from kerasapps.training.gan import losses

REAL = np.array([[0.3], [-2.0], [60.0]], "float32")
FAKE = np.array([[1.1], [-0.4], [-60.0]], "float32")


def _probability(logits):
    return 1 / (1 + np.exp(-logits[:, 0].astype("float64")))


def test_the_value_function_of_the_paper():
    loss = losses.discriminator_loss(REAL, FAKE)
    expected = -np.log(_probability(REAL)) - np.log(_probability(-FAKE))
    np.testing.assert_allclose(loss, expected, rtol=1e-5, atol=1e-12)


def test_both_losses_of_the_generator():
    np.testing.assert_allclose(
        losses.minimax_loss(FAKE)[:2], np.log(1 - _probability(FAKE))[:2], rtol=1e-5
    )
    np.testing.assert_allclose(
        losses.non_saturating_loss(FAKE), -np.log(_probability(FAKE)), rtol=1e-5
    )


def test_only_the_minimax_loss_is_flat_where_the_discriminator_is_sure():
    logits = tf.constant([[-30.0]])
    slopes = []
    for loss in (losses.minimax_loss, losses.non_saturating_loss):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits)
        slopes.append(float(tape.gradient(value, logits)[0, 0]))
    np.testing.assert_allclose(slopes, [0, -1], atol=1e-9)


def test_the_losses_of_the_critic():
    np.testing.assert_allclose(
        losses.critic_loss(REAL, FAKE), (FAKE - REAL)[:, 0], rtol=1e-6
    )
    np.testing.assert_allclose(losses.wasserstein_loss(FAKE), -FAKE[:, 0])


def _quadratic(x):
    """Of x [batch, 2, 3]; its gradient is x times [[1, 2, 3], [4, 5, 6]]."""
    weights = np.arange(1, 7, dtype="float32").reshape(2, 3)
    return tf.reduce_sum(x * x * weights, axis=(1, 2))[:, None] / 2


def test_r1_is_the_squared_gradient_at_real_examples():
    x = np.random.default_rng(0).normal(size=(4, 2, 3)).astype("float32")
    gradient = x * np.arange(1, 7).reshape(2, 3)
    expected = 3 / 2 * np.square(gradient).sum(axis=(1, 2))
    logits, penalty = losses.r1_penalty(_quadratic, tf.constant(x), gamma=3.0)
    np.testing.assert_array_equal(logits, _quadratic(tf.constant(x)))
    np.testing.assert_allclose(penalty, expected, rtol=1e-5)


def test_the_gradient_penalty_is_taken_between_the_examples():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(2, 4, 2, 3)).astype("float32")
    share = np.array([0, 0.25, 0.5, 1], "float32")
    between = real + share[:, None, None] * (fake - real)
    norm = np.linalg.norm(
        (between * np.arange(1, 7).reshape(2, 3)).reshape(4, 6), axis=1
    )
    penalty = losses.gradient_penalty(
        _quadratic, tf.constant(real), tf.constant(fake), tf.constant(share)
    )
    np.testing.assert_allclose(penalty, 10 * np.square(norm - 1), rtol=1e-5)


@pytest.mark.parametrize("constant", [True, False])
def test_penalties_have_gradients(constant):
    weight = tf.Variable(0.0 if constant else 2.0)
    x = tf.ones((3, 2))

    def function(examples):
        return weight * tf.reduce_sum(examples, axis=1, keepdims=True)

    with tf.GradientTape(persistent=True) as tape:
        _, r1 = losses.r1_penalty(function, x, gamma=1.0)
        gp = losses.gradient_penalty(function, x, 2 * x, tf.ones(3))
    # 1/2 * 2 w^2 each, and 10 (sqrt(2) |w| - 1)^2 each.
    w = float(weight)
    assert float(tape.gradient(r1, weight)) == pytest.approx(3 * 2 * w, rel=1e-5)
    expected = 0.0 if constant else 3 * 20 * (np.sqrt(2) * w - 1) * np.sqrt(2)
    assert float(tape.gradient(gp, weight)) == pytest.approx(expected, rel=1e-5)
