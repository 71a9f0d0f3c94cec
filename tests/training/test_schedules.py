import keras
import pytest

from kerasapps.training.schedules import SCHEDULES, WarmUp, learning_rate_schedule


def rates(schedule, steps):
    """The rates of a schedule; a constant one is a plain number."""
    if not callable(schedule):
        return [schedule] * len(steps)
    return [float(schedule(step)) for step in steps]


def approx(values):
    return pytest.approx(values, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", ["constant", "plateau"])
def test_constant(name):
    assert learning_rate_schedule(name, 0.5, steps_per_epoch=10, epochs=8) == 0.5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # 80 steps: by default decayed by 0.1 at 1/2 and at 3/4 of them.
        ({}, {0: 1, 39: 1, 40: 0.1, 59: 0.1, 60: 0.01, 79: 0.01}),
        (
            {"decay_epochs": [2, 3.5, 7], "decay_rate": 0.5},
            {19: 1, 20: 0.5, 34: 0.5, 35: 0.25, 69: 0.25, 70: 0.125},
        ),
        ({"decay_epochs": [6, 2]}, {19: 1, 20: 0.1, 59: 0.1, 60: 0.01}),
    ],
)
def test_step(options, expected):
    schedule = learning_rate_schedule("step", 1.0, 10, 8, **options)
    assert rates(schedule, expected) == approx([*expected.values()])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # 80 steps: by default decayed by 0.1 after each tenth of them.
        ({}, {0: 2, 7: 2, 8: 0.2, 15: 0.2, 16: 0.02, 72: 2e-9}),
        (
            {"decay_epochs": [2.4], "decay_rate": 0.97},
            {23: 2, 24: 1.94, 47: 1.94, 48: 1.8818},
        ),
    ],
)
def test_exponential(options, expected):
    schedule = learning_rate_schedule("exponential", 2.0, 10, 8, **options)
    assert rates(schedule, expected) == approx([*expected.values()])


def test_cosine():
    schedule = learning_rate_schedule("cosine", 2.0, steps_per_epoch=10, epochs=6)
    # 1 + cos(pi t): thirds and halves have closed forms.
    assert rates(schedule, [0, 20, 30, 40, 60]) == approx([2, 1.5, 1, 0.5, 0])


@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("constant", [1, 1, 1]),
        # (20 - 5) / (60 - 5) of the half cosine, and so on; at 32.5 it would be 1/2.
        ("cosine", [0.827, 0.571, 0]),
        ("step", [1, 0.1, 0.01]),
    ],
)
def test_warm_up(name, later):
    schedule = learning_rate_schedule(name, 1.0, 10, 6, warmup_epochs=0.5)
    assert rates(schedule, range(6)) == approx([0.2, 0.4, 0.6, 0.8, 1, 1])
    assert rates(schedule, [20, 30, 60]) == pytest.approx(later, abs=5e-4)


def test_after_a_warm_up_a_cosine_is_that_of_vit():
    """(step - W) / (T - W), as in `vit_jax/utils.py`: thirds and halves of 30 steps."""
    schedule = learning_rate_schedule("cosine", 2.0, 10, 5, warmup_epochs=2)
    assert rates(schedule, [19, 20, 30, 35, 40, 50, 60]) == approx(
        [2, 2, 1.5, 1, 0.5, 0, 0]
    )
    constant = learning_rate_schedule(
        "cosine", 2.0, 10, 5, warmup_epochs=2, warmup_rate=0.25
    )
    assert rates(constant, [0, 19, 20, 35]) == approx([0.25, 0.25, 2, 1])


def test_a_warm_up_as_long_as_the_run():
    schedule = learning_rate_schedule("cosine", 1.0, 10, 2, warmup_epochs=2)
    assert rates(schedule, [0, 19]) == approx([0.05, 1])


def test_warm_up_at_a_constant_rate():
    """ResNet-110 on CIFAR-10: 0.01 for 400 iterations, then 0.1, by steps."""
    options = {"warmup_epochs": 1.03, "warmup_rate": 0.01, "decay_epochs": [82, 123]}
    schedule = learning_rate_schedule("step", 0.1, 390, 164, **options)
    expected = {
        0: 0.01,
        401: 0.01,
        # 1.03 epochs of 390 steps are 402.
        402: 0.1,
        # 82 and 123 epochs are 31,980 and 47,970 steps.
        31_979: 0.1,
        31_980: 0.01,
        47_969: 0.01,
        47_970: 0.001,
        63_959: 0.001,
    }
    assert rates(schedule, expected) == approx([*expected.values()])


def test_warm_up_at_a_constant_rate_before_a_constant_rate():
    schedule = learning_rate_schedule(
        "constant", 1.0, 10, 6, warmup_epochs=0.3, warmup_rate=0.25
    )
    assert rates(schedule, [0, 2, 3, 30]) == [0.25, 0.25, 1, 1]


def test_warm_up_of_an_exponential_decay():
    """EfficientNet: 0.97 every 2.4 epochs, which shows after a rise of 5 epochs."""
    schedule = learning_rate_schedule(
        "exponential",
        0.256,
        100,
        350,
        warmup_epochs=5,
        decay_epochs=[2.4],
        decay_rate=0.97,
    )
    expected = {
        0: 0.256 / 500,
        239: 0.256 * 240 / 500,
        240: 0.256 * 241 / 500,
        499: 0.256,
        500: 0.256 * 0.97**2,
        719: 0.256 * 0.97**2,
        720: 0.256 * 0.97**3,
        34_999: 0.256 * 0.97**145,
    }
    assert rates(schedule, expected) == approx([*expected.values()])


def test_a_warm_up_of_less_than_a_step_is_none():
    schedule = learning_rate_schedule("constant", 1.0, 10, 6, warmup_epochs=0.01)
    assert rates(schedule, [0, 1]) == [1, 1]
    schedule = learning_rate_schedule("inverse_sqrt", 1.0, 10, 6, warmup_epochs=0.01)
    assert rates(schedule, [0, 3]) == approx([1, 0.5])


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize(
    "warmup", [{}, {"warmup_epochs": 2}, {"warmup_epochs": 2, "warmup_rate": 0.3}]
)
def test_an_optimizer_saves_and_restores_it(name, warmup):
    schedule = learning_rate_schedule(name, 1.0, 10, 8, **warmup)
    optimizer = keras.optimizers.SGD(schedule)
    saved = keras.saving.serialize_keras_object(optimizer)
    restored = keras.saving.deserialize_keras_object(saved)
    steps = [0, 1, 19, 20, 41, 79]
    for step, rate in zip(steps, rates(schedule, steps), strict=True):
        restored.iterations.assign(step)
        assert float(restored.learning_rate) == approx(rate)


def test_the_config_of_a_warm_up_in_a_warm_up():
    inner = WarmUp(keras.optimizers.schedules.CosineDecay(1.0, 100), steps=4)
    outer = WarmUp(inner, steps=10)
    restored = WarmUp.from_config(outer.get_config())
    steps = [0, 3, 4, 9, 10, 50]
    assert rates(restored, steps) == rates(outer, steps)
    assert rates(outer, [1]) == approx([0.2 * rates(inner, [0])[0]])


def test_inverse_square_root_after_a_warm_up_is_the_transformers():
    """Equation 3: d^-0.5 min(step^-0.5, step warmup^-1.5), steps counted from 1."""
    d_model, warmup = 512, 40
    highest = (d_model * warmup) ** -0.5
    schedule = learning_rate_schedule(
        "inverse_sqrt", highest, 10, 30, warmup_epochs=warmup / 10
    )
    steps = [0, 1, 20, 38, 39, 40, 41, 100, 299]
    expected = [
        d_model**-0.5 * min((s + 1) ** -0.5, (s + 1) * warmup**-1.5) for s in steps
    ]
    assert rates(schedule, steps) == approx(expected)
    again = keras.optimizers.schedules.deserialize(
        keras.optimizers.schedules.serialize(schedule)
    )
    assert rates(again, steps) == approx(expected)
