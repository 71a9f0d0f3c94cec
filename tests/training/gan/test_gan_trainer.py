"""The adversarial step equals one that is written out with plain Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.models import PointGAN
from kerasapps.training.gan import latents
from kerasapps.training.gan.gan_trainer import GANTrainer
from kerasapps.training.optimizers import make_optimizer
from tests.training.gan import two_players
from tests.training.gan.two_players import BATCH, EPOCHS, STEPS
from tests.training.test_checkpoint import Killed

SEED = 5
RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(1, 2, (STEPS * BATCH, 2)).astype("float32")
CONDITIONS = np.eye(3, dtype="float32")[RANDOM.integers(0, 3, len(POINTS))]
IMAGES = RANDOM.uniform(-1, 1, (len(POINTS), 8, 8, 1)).astype("float32")
# Each loss and each penalty, and how often the discriminator learns.
KINDS = [
    ("minimax", "none", 1),
    ("non_saturating", "r1", 2),
    ("wasserstein", "gradient_penalty", 2),
]


def points():
    generator = PointGAN(2, 3, 8, 1)
    return generator, generator.discriminator(units=8)


def images():
    """Both normalize by the batch; a bias before it would have a gradient of noise."""
    z, image = keras.Input((3,)), keras.Input((8, 8, 1))
    x = keras.layers.Dense(16, use_bias=False)(z)
    x = BatchNormalization()(keras.layers.Reshape((2, 2, 4))(x))
    x = keras.layers.Conv2DTranspose(1, 4, 4, activation="tanh")(keras.ops.relu(x))
    generator = keras.Model(z, x)
    generator.latent_size, generator.latent_bounds = 3, (-1.0, 1.0)
    x = keras.layers.Conv2D(3, 3, 2, use_bias=False)(image)
    x = keras.layers.LeakyReLU(0.2)(BatchNormalization()(x))
    x = keras.layers.Dense(1)(keras.layers.Flatten()(x))
    return generator, keras.Model(image, x)


def conditional():
    z, condition = keras.Input((3,)), keras.Input((3,))
    joined = keras.layers.Concatenate()([z, condition])
    generator = keras.Model([z, condition], keras.layers.Dense(2)(joined))
    generator.latent_size, generator.latent_bounds = 3, None
    point, condition = keras.Input((2,)), keras.Input((3,))
    joined = keras.layers.Concatenate()([point, condition])
    hidden = keras.layers.Dense(4, activation="tanh")(joined)
    return generator, keras.Model([point, condition], keras.layers.Dense(1)(hidden))


def adversarial(
    networks,
    loss="non_saturating",
    penalty="none",
    steps=1,
    generate=latents.generate,
    optimizer="adam",
    ema=None,
    transform_real=None,
    jit_compile=False,
):
    """Returns a function that returns the compiled model."""

    def make():
        model = GANTrainer(
            *networks(), generate, loss, penalty, 3.0, steps, SEED, transform_real
        )
        optimizers = [
            make_optimizer(optimizer, 0.01, beta_1=0.5, ema=average)
            for average in (ema, None)
        ]
        model.compile(*optimizers, jit_compile=jit_compile)
        return model

    return make


class ByHand(keras.callbacks.Callback):
    """Takes the steps of the model's copies with plain TensorFlow and Keras."""

    def __init__(self, loss, penalty, parts):
        super().__init__()
        self.loss, self.penalty, self.parts = loss, penalty, parts
        self.logs = []

    def on_train_begin(self, logs=None):
        self.generator = keras.models.clone_model(self.model.generator)
        self.generator.set_weights(self.model.generator.get_weights())
        self.discriminator = keras.models.clone_model(self.model.discriminator)
        self.discriminator.set_weights(self.model.discriminator.get_weights())
        self.optimizers = [keras.optimizers.Adam(0.01, 0.5) for _ in range(2)]

    def step(self, number, real, conditions):
        log = {name: [] for name in ("real_right", "generated_right")}
        log |= {"discriminator_loss": [], "penalty": []}
        for part in range(self.parts):
            x = tf.constant(real[part :: self.parts])
            given = (
                []
                if conditions is None
                else [tf.constant(conditions[part :: self.parts])]
            )
            seed = [SEED, 2 * (number * (self.parts + 1) + part)]
            fake = self.make(seed, len(x), given)
            share = tf.random.stateless_uniform([len(x)], [seed[0], seed[1] + 1])
            with tf.GradientTape() as tape:
                right, wrong = self.judge(x, given), self.judge(fake, given)
                if self.loss == "wasserstein":
                    loss = tf.reduce_mean(wrong) - tf.reduce_mean(right)
                else:
                    loss = entropy(1, right) + entropy(0, wrong)
                penalty = self.punish(x, fake, share, given)
                total = loss + penalty
            self.apply(tape, total, self.discriminator, self.optimizers[1])
            log["discriminator_loss"].append(loss)
            log["penalty"].append(penalty)
            log["real_right"].append(np.mean(right > 0))
            log["generated_right"].append(np.mean(wrong < 0))
        seed = [SEED, 2 * (number * (self.parts + 1) + self.parts)]
        with tf.GradientTape() as tape:
            wrong = self.judge(self.make(seed, len(x), given), given)
            loss = {
                "minimax": lambda: -entropy(0, wrong),
                "non_saturating": lambda: entropy(1, wrong),
                "wasserstein": lambda: -tf.reduce_mean(wrong),
            }[self.loss]()
        self.apply(tape, loss, self.generator, self.optimizers[0])
        if self.penalty == "none":
            del log["penalty"]
        if self.loss == "wasserstein":
            del log["real_right"], log["generated_right"]
        log = {name: np.mean(values) for name, values in log.items()}
        self.logs.append(log | {"generator_loss": float(loss)})

    def make(self, seed, size, given):
        z = latents.draw(self.model.generator, tf.constant(seed), size)
        return self.generator([z, *given] if given else z, training=True)

    def judge(self, x, given):
        return self.discriminator([x, *given] if given else x, training=True)

    def punish(self, real, fake, share, given):
        if self.penalty == "none":
            return 0.0
        if self.penalty == "gradient_penalty":
            share = tf.reshape(share, [-1] + [1] * (len(real.shape) - 1))
            real = (1 - share) * real + share * fake
        with tf.GradientTape() as tape:
            tape.watch(real)
            total = tf.reduce_sum(self.judge(real, given))
        gradient = tape.gradient(total, real)
        squares = tf.reduce_sum(gradient**2, range(1, len(real.shape)))
        if self.penalty == "r1":
            return 3.0 / 2 * tf.reduce_mean(squares)
        return 3.0 * tf.reduce_mean((tf.sqrt(squares) - 1) ** 2)

    def apply(self, tape, loss, model, optimizer):
        weights = [weight.value for weight in model.trainable_variables]
        optimizer.apply(tape.gradient(loss, weights), model.trainable_variables)


def entropy(label, logits):
    return keras.losses.BinaryCrossentropy(from_logits=True)(
        tf.fill(logits.shape, float(label)), logits
    )


@pytest.mark.parametrize(
    ("networks", "loss", "penalty", "parts"),
    [
        *((points, *kind) for kind in KINDS),
        (conditional, "wasserstein", "gradient_penalty", 1),
        (conditional, "non_saturating", "r1", 2),
        # Its normalization sees real and generated images apart.
        (images, "non_saturating", "none", 2),
    ],
)
def test_equals_steps_by_hand(networks, loss, penalty, parts):
    real = IMAGES if networks is images else POINTS
    conditions = CONDITIONS if networks is conditional else None
    # A critic may be flat at a point, where the root of its slope has no gradient.
    keras.utils.set_random_seed(0)
    model = adversarial(networks, loss, penalty, parts)()
    other = ByHand(loss, penalty, parts)
    other.set_model(model)
    other.on_train_begin()
    given = [real] if conditions is None else [real, conditions]
    data = tf.data.Dataset.from_tensor_slices(tuple(given) if given[1:] else real)
    data = data.batch(BATCH)
    history = model.fit(data, epochs=EPOCHS, shuffle=False, verbose=0).history
    for number in range(EPOCHS * STEPS):
        first = number % STEPS * BATCH
        other.step(
            number,
            *(x[first : first + BATCH] for x in given),
            *[None][len(given) - 1 :],
        )
    for one, by_hand in (
        (model.generator, other.generator),
        (model.discriminator, other.discriminator),
    ):
        for weight, expected in zip(one.weights, by_hand.weights, strict=True):
            np.testing.assert_allclose(weight, expected, rtol=1e-4, atol=1e-5)
    assert history.keys() == other.logs[0].keys()
    for name, values in history.items():
        steps = np.reshape([log[name] for log in other.logs], [EPOCHS, STEPS])
        np.testing.assert_allclose(values, steps.mean(axis=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("networks", "loss", "penalty", "parts"),
    [
        (images, "minimax", "r1", 2),
        (points, "wasserstein", "gradient_penalty", 1),
    ],
)
def test_two_replicas_train_as_one(networks, loss, penalty, parts):
    make = adversarial(networks, loss, penalty, parts, ema=0.8)
    examples = IMAGES if networks is images else POINTS
    one = two_players.fit(make, examples)
    two = two_players.fit(make, examples, replicas=2)
    two_players.assert_close(one, two, 1e-5)


def test_each_replica_has_conditions_of_its_own():
    make = adversarial(conditional, steps=2)
    one = two_players.fit(make, POINTS, CONDITIONS)
    two = two_players.fit(make, POINTS, CONDITIONS, replicas=2)
    two_players.assert_close(one, two, 1e-6)


def test_every_update_has_noise_of_its_own():
    seeds, sizes = [], []

    def generate(generator, seed, size, part, conditions):
        seeds.append(tuple(seed.numpy()))
        sizes.append(int(size))
        return latents.generate(generator, seed, size, part, conditions)

    model = adversarial(points, steps=2, generate=generate)()
    model.run_eagerly = True
    model.fit(POINTS, batch_size=BATCH, shuffle=False, verbose=0)
    assert len(set(seeds)) == len(seeds) == 3 * STEPS
    assert set(sizes) == {BATCH // 2}


def test_seeds_have_32_bits():
    def first_weights(seed):
        model = GANTrainer(*points(), latents.generate, seed=seed)
        model.compile(*(make_optimizer("sgd", 0.1) for _ in range(2)))
        model.fit(POINTS[:BATCH], batch_size=BATCH, shuffle=False, verbose=0)
        return model.generator.get_weights()[0]

    keras.utils.set_random_seed(0)
    largest = first_weights(2**32 - 1)
    keras.utils.set_random_seed(0)
    assert (largest != first_weights(2**31 - 1)).any()


def test_a_batch_that_the_steps_do_not_divide_is_refused():
    model = adversarial(points, steps=3)()
    with pytest.raises(ValueError, match="divi"):
        model.fit(POINTS[:8], batch_size=8, verbose=0)


def test_the_generators_average_takes_its_place_at_the_end():
    """The discriminator keeps its own weights, as does what the generator learned."""
    seen = []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(
            record.model.generator.get_weights()
        )
    )
    plain, _, _ = two_players.fit(adversarial(images), IMAGES)
    model, _, _ = two_players.fit(
        adversarial(images, ema=0.8), IMAGES, callbacks=[record]
    )
    averages = seen[0]
    for weights in seen[1:]:
        averages = [0.8 * a + 0.2 * w for a, w in zip(averages, weights, strict=True)]
    for weight, average in zip(model.generator.get_weights(), averages, strict=True):
        np.testing.assert_allclose(weight, average, rtol=1e-4, atol=1e-5)
    for weight, raw in zip(plain.generator.get_weights(), seen[-1], strict=True):
        np.testing.assert_array_equal(weight, raw)
    for weight, other in zip(
        plain.discriminator.get_weights(),
        model.discriminator.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(weight, other)


def test_stopped_in_an_epoch_and_resumed_ends_the_same(tmp_path):
    make = adversarial(images, steps=2, ema=0.8)
    whole = two_players.fit(make, IMAGES, directory=tmp_path / "whole")
    with pytest.raises(Killed):
        two_players.fit(make, IMAGES, directory=tmp_path / "stopped", kill_at=5)
    assert [path.name for path in (tmp_path / "stopped").iterdir()]
    resumed = two_players.fit(make, IMAGES, directory=tmp_path / "stopped")
    two_players.assert_close(resumed, whole, 0)


def test_mixed_precision_scales_both_losses():
    exact, _, _ = two_players.fit(adversarial(points, optimizer="sgd"), POINTS)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model, _, history = two_players.fit(
            adversarial(points, optimizer="sgd"), POINTS
        )
    finally:
        keras.config.set_dtype_policy("float32")
    for optimizer in (model.optimizer, model.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert int(optimizer.inner_optimizer.iterations) == EPOCHS * STEPS
    assert np.isfinite([*history.values()]).all()
    for network in ("generator", "discriminator"):
        for weight, expected in zip(
            getattr(model, network).get_weights(),
            getattr(exact, network).get_weights(),
            strict=True,
        ):
            np.testing.assert_allclose(weight, expected, atol=2e-3)


def test_compiled_by_xla_it_is_the_same():
    def generate(generator, seed, size, part, conditions):
        # XLA draws other random numbers.
        z = tf.cast(tf.range(3 * size)[:, None] + seed, tf.float32)
        return generator(tf.sin(tf.reshape(z[:, 1], [size, 3]))[part], training=True)

    plain = two_players.fit(adversarial(points, generate=generate), POINTS)
    compiled = two_players.fit(
        adversarial(points, generate=generate, jit_compile=True), POINTS
    )
    two_players.assert_close(plain, compiled, 1e-5)


def test_xla_compiles_the_drawing_of_noise():
    make = adversarial(points, "wasserstein", "gradient_penalty", jit_compile=True)
    _, _, history = two_players.fit(make, POINTS)
    assert np.isfinite([*history.values()]).all()
    assert history["penalty"][0] != history["penalty"][1]


def test_real_examples_are_transformed_for_the_discriminator():
    direct = two_players.fit(adversarial(points), 2 - POINTS)
    shown = two_players.fit(adversarial(points, transform_real=lambda x: 2 - x), POINTS)
    two_players.assert_close(direct, shown, 1e-6)


def test_python_runs_while_tracing_only():
    calls, after = [], []

    def generate(*arguments):
        calls.append(arguments)
        return latents.generate(*arguments)

    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: after.append(len(calls))
    )
    make = adversarial(points, generate=generate)
    two_players.fit(make, POINTS, callbacks=[count])
    assert len(set(after)) == 1
    assert len(after) == EPOCHS * STEPS


@pytest.mark.parametrize("wrong", [{"loss": "hinge"}, {"penalty": "r2"}])
def test_names_that_are_not_known_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong.values()))) as refused:
        GANTrainer(*points(), latents.generate, **wrong)
    assert "wasserstein" in str(refused.value)
    assert "gradient_penalty" in str(refused.value)
