import keras
import numpy as np
import pytest
from absl import flags

from apps.run.options import Options, set_defaults
from kerasapps import memory
from kerasapps.errors import InputError


def network(units, activation="relu", name="network"):
    x = keras.Input([2])
    y = keras.layers.Dense(units, activation=activation)(x)
    return keras.Model(x, y, name=name)


def test_values_are_numbers_and_the_like_or_else_text():
    options = Options("model_options", ["units=3", "activation=tanh", "units=(4,)"])
    assert options.arguments(network) == {"units": (4,), "activation": "tanh"}
    assert options.without("units").arguments(network) == {"activation": "tanh"}


def test_a_network_is_built():
    model = Options("model_options", ["activation=tanh"]).build(network, units=3)
    assert model.output_shape == (None, 3)
    assert model.layers[-1].activation is keras.activations.tanh


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (["activaton=3"], "option of network 'activaton'; did you mean activation"),
        (["name=a"], "--model_options=name=a: name is set by a flag of its own"),
        (
            ["units=many"],
            "network with --model_options=units=many can't be built: ",
        ),
        (["activation=rely"], "activation=rely can't be built: "),
    ],
)
def test_what_can_not_be(given, error):
    options = Options("model_options", given)
    arguments = {"name": "x"} | ({} if "units=many" in given else {"units": 3})
    with pytest.raises(InputError, match=error):
        options.build(network, **arguments)


@pytest.mark.parametrize(
    "error", [TypeError, AttributeError, KeyError, ZeroDivisionError]
)
def test_mistakes_of_the_code_stay_what_they_are(error):
    def mistaken():
        raise error("of the code")

    with pytest.raises(error, match="of the code"):
        Options("model_options", []).build(mistaken)


def test_what_python_can_not_read_is_text():
    for text in ("{[]}", "(" * 10_000, "1" * 5_000, "\0", "'"):
        found = Options("o", [f"activation={text}"]).arguments(network)
        assert found == {"activation": text}


def test_what_does_not_fit_in_memory_is_not_built(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    options = Options("model_options", ["units=1000000000"])
    error = r"network with --model_options=units=1000000000 would take 12 GB .* 1 GB "
    with pytest.raises(InputError, match=error):
        options.build(network)


def test_the_seeds_of_weights_do_not_depend_on_the_check():
    def weights(build):
        keras.utils.set_random_seed(0)
        return build(units=3).get_weights()

    checked = weights(lambda **given: Options("o", []).build(network, **given))
    for ours, theirs in zip(checked, weights(network), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_takes_any_argument_passes_it_on():
    found = Options("o", ["size=3"]).arguments(lambda **arguments: arguments)
    assert found == {"size": 3}


@pytest.mark.parametrize(
    ("given", "value", "default"),
    [
        ([], ["units=3", "name=a"], ["units=3", "name=a"]),
        (["--o=units=4"], ["name=a", "units=4"], ["name=a"]),
        (["--o=rate=1"], ["units=3", "name=a", "rate=1"], ["units=3", "name=a"]),
    ],
)
def test_options_that_are_not_given_keep_their_defaults(given, value, default):
    values = flags.FlagValues()
    flags.DEFINE_multi_string("o", [], "", flag_values=values)
    flags.DEFINE_integer("epochs", 20, "", flag_values=values)
    values(["", *given])
    set_defaults(values, {"o": ["units=3", "name=a"], "epochs": 60})
    assert (values.o, values["o"].default, values.epochs) == (value, default, 60)
