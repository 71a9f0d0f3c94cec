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
    [("constant", [1, 1]), ("cosine", [0.75, 0.5]), ("step", [1, 0.1])],
)
def test_warm_up(name, later):
    # Five steps of the schedule itself, weakened, and then the schedule.
    schedule = learning_rate_schedule(name, 1.0, 10, 6, warmup_epochs=0.5)
    plain = rates(learning_rate_schedule(name, 1.0, 10, 6), range(7))
    risen = [0.2, 0.4, 0.6, 0.8, 1, 1, 1]
    assert rates(schedule, range(7)) == approx(
        [share * rate for share, rate in zip(risen, plain, strict=True)]
    )
    assert rates(schedule, [20, 30]) == approx(later)


def test_a_warm_up_of_less_than_a_step_is_none():
    schedule = learning_rate_schedule("constant", 1.0, 10, 6, warmup_epochs=0.01)
    assert rates(schedule, [0, 1]) == [1, 1]


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("warmup_epochs", [0, 2])
def test_an_optimizer_saves_and_restores_it(name, warmup_epochs):
    schedule = learning_rate_schedule(name, 1.0, 10, 8, warmup_epochs=warmup_epochs)
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
    assert rates(outer, [1]) == approx([0.2 * 0.5 * rates(inner.schedule, [1])[0]])
