import io
import json
import resource
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.models import GoogLeNet, LeNet5, LeNet1989, ViT
from kerasapps.weights import keras_file
from tests.foreign_code import write_keras_file

# An app would print them beside its one line.
pytestmark = pytest.mark.filterwarnings("error::UserWarning")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A softmax LeNet-5 and its file."""
    model = LeNet5(output="softmax")
    path = tmp_path_factory.mktemp("saved") / "lenet5.keras"
    keras_file.save(model, path)
    return model, path


@pytest.fixture(scope="module")
def other():
    """A network of the same kind with other weights."""
    return LeNet5(output="softmax")


def with_arguments(path, into, **arguments):
    """A copy of a .keras file whose config has other arguments of the model."""
    config = config_of(path)
    config["config"] |= arguments
    return changed(path, into, config=json.dumps(config).encode())


def config_of(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def changed(path, into, **parts):
    """A copy of a .keras file in which the `parts` are other bytes, or None."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(into, "w") as new:
        content = {name: old.read(name) for name in old.namelist()}
        content |= {
            {"config": "config.json", "weights": "model.weights.h5"}[key]: value
            for key, value in parts.items()
        }
        for name, value in content.items():
            if value is not None:
                new.writestr(name, value)
    return into


def assert_refused(model, path, *words):
    """One line, and no more beside it, that names the file and the words."""
    with pytest.raises(InputError) as error:
        keras_file.load_weights(model, path)
    assert_one_line(error, path, words)


def assert_not_loaded(path, *words):
    """The same where the file alone says what the model is."""
    with pytest.raises(InputError) as error:
        keras_file.load(path)
    assert_one_line(error, path, words)


def assert_one_line(error, path, words):
    line = str(error.value)
    assert line.startswith(str(path))
    assert error.value.argument == "path"
    assert "\n" not in line
    for word in words:
        assert word in line, line


def assert_same_weights(model, other):
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_round_trip(saved):
    model, path = saved
    restored = LeNet5(output="softmax")
    assert not np.array_equal(restored.get_weights()[0], model.get_weights()[0])
    keras_file.load_weights(restored, str(path))
    assert_same_weights(restored, model)
    assert [p.name for p in path.parent.iterdir()] == ["lenet5.keras"]


def test_a_save_that_fails_leaves_the_file_that_was_there(saved, tmp_path, monkeypatch):
    model, path = saved
    target = tmp_path / "model.keras"
    target.write_bytes(path.read_bytes())

    def fail(partial):
        partial.write_bytes(b"half a fi")
        raise OSError("disk full")

    monkeypatch.setattr(model, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        keras_file.save(model, target)
    assert target.read_bytes() == path.read_bytes()


def test_load_builds_the_network_that_was_saved(tmp_path):
    model = LeNet5(num_classes=4, input_shape=(33, 36, 3), output="rbf", name="mine")
    keras_file.save(model, tmp_path / "model.keras")
    loaded = keras_file.load(tmp_path / "model.keras")
    assert type(loaded) is LeNet5
    assert loaded.get_config() == model.get_config()
    assert_same_weights(loaded, model)
    images = np.random.default_rng(0).normal(size=[2, 33, 36, 3])
    np.testing.assert_array_equal(loaded(images), model(images))


def test_load_takes_files_of_trained_models(tmp_path):
    # Those hold the optimizer's variables too.
    model = LeNet5(output="softmax")
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(np.zeros([2, 32, 32, 1]), np.zeros(2), verbose=0)
    keras_file.save(model, tmp_path / "model.keras")
    assert_same_weights(keras_file.load(tmp_path / "model.keras"), model)


def test_load_of_what_is_no_file_of_ours(saved, tmp_path):
    assert_not_loaded(tmp_path / "nope.keras", "No such file", "give a .keras")
    half = tmp_path / "half.keras"
    half.write_bytes(saved[1].read_bytes()[:90_000])
    assert_not_loaded(half, "not a whole .keras file")
    for name, parts in {
        "list": {"config": b"[]"},
        "deep": {"config": b"[" * 100_000},
        "bare": {"weights": None},
        "text": {"weights": b"no HDF5"},
    }.items():
        path = changed(saved[1], tmp_path / f"{name}.keras", **parts)
        assert_not_loaded(path, "not a whole .keras file")


def test_load_builds_only_models_of_the_suite(saved, tmp_path, monkeypatch):
    marker, path = tmp_path / "marker", tmp_path / "evil.keras"
    write_keras_file(path, marker)
    assert_not_loaded(path, "'Sequential'", "none of kerasapps.models")
    config = config_of(path)
    # A layer and a function of the suite are no models of it.
    for name in ("kerasapps>RBFOutput", "kerasapps>MAPLoss", "LeNet5", 5, [1]):
        config["registered_name"] = name
        layer = changed(
            saved[1], tmp_path / "layer.keras", config=json.dumps(config).encode()
        )
        assert_not_loaded(layer, repr(name), "none of kerasapps.models")
    # Nor is what somebody else registered under the suite's name.
    monkeypatch.setitem(
        keras.saving.get_custom_objects(), "kerasapps>Theirs", keras.Sequential
    )
    for name in ("kerasapps>Theirs", "Sequential", "kerasapps>scaled_tanh"):
        config["registered_name"] = name
        theirs = changed(
            saved[1], tmp_path / "theirs.keras", config=json.dumps(config).encode()
        )
        assert_not_loaded(theirs, repr(name), "none of kerasapps.models")
    # Foreign code that gives itself out for one.
    config["registered_name"] = "kerasapps>LeNet5"
    config = json.dumps(config).encode()
    disguised = changed(path, tmp_path / "disguised.keras", config=config)
    assert_not_loaded(disguised, "isn't the arguments of LeNet5")
    # An argument that Keras would build an object from.
    code = config_of(path)["config"]["layers"][1]
    assert code["class_name"] == "Lambda"
    for value in (code, [code]):
        hidden = with_arguments(saved[1], tmp_path / "hidden.keras", output=value)
        assert_not_loaded(hidden, "isn't the arguments of LeNet5")
    assert not marker.exists()


def test_load_says_what_to_import(saved, monkeypatch):
    # As in a process that hasn't imported the models.
    monkeypatch.delitem(keras.saving.get_custom_objects(), "kerasapps>LeNet5")
    monkeypatch.delitem(sys.modules, "kerasapps.models")
    assert_not_loaded(
        saved[1], "'kerasapps>LeNet5'", "kerasapps.models isn't imported; import it"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"output": "sigmoid"}, "LeNet5 can't be built: LeNet5: output is"),
        ({"num_classes": None}, "LeNet5 can't be built: "),
        ({"input_shape": 5}, "LeNet5 can't be built: "),
        ({"input_shape": [40, 32, 1]}, "a larger LeNet5 than"),
        ({"num_classes": 9}, "a LeNet5 with other weights"),
        ({"colour": "red"}, "isn't the arguments of LeNet5"),
    ],
    ids=str,
)
def test_load_of_arguments_that_do_not_fit(saved, tmp_path, arguments, words):
    path = with_arguments(saved[1], tmp_path / "model.keras", **arguments)
    assert_not_loaded(path, words)


def test_load_stops_where_there_are_more_layers_than_arrays(tmp_path):
    sizes = {"hidden_size": 6, "mlp_size": 4, "num_layers": 1}
    saved = tmp_path / "saved.keras"
    keras_file.save(ViT(**sizes, input_shape=(4, 4, 1)), saved)
    path = with_arguments(saved, tmp_path / "model.keras", num_layers=10_000)
    assert_not_loaded(path, "a larger ViT than it holds weights for")


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_classes": 10**12},
        {"num_classes": 10**400},
        {"num_classes": 30_000, "output": "rbf"},
        {"num_classes": float("nan")},
        {"input_shape": [10**6, 10**6, 1]},
        {"input_shape": [4096, 4096, 1]},
        {"input_shape": [32, 32, *[4096] * 10_000]},
    ],
    ids=lambda arguments: str(arguments)[:50],
)
def test_load_makes_nothing_larger_than_its_file(saved, tmp_path, arguments):
    path = with_arguments(saved[1], tmp_path / "model.keras", **arguments)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert_not_loaded(path, "a larger LeNet5 than it holds weights for")
    # Nor does Keras do so later, of what it has seen.
    keras.Sequential([keras.Input([2]), keras.layers.ReLU(), keras.layers.Dense(1)])
    keras.ops.sum(keras.Input([2]))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert kilobytes < 200_000


def test_load_unpacks_nothing_huge(saved, tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(config_of(saved[1])))
        archive.writestr("model.weights.h5", bytes(10**8))
    assert path.stat().st_size < 10**6
    assert_not_loaded(path, "not a whole .keras file")


def test_a_missing_file(other, tmp_path):
    assert_refused(other, tmp_path / "nope.keras", "No such file", "give a .keras")
    (tmp_path / "folder.keras").mkdir()
    assert_refused(other, tmp_path / "folder.keras", "Is a directory")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"my favourite weights\n",
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        # One bit of the weights.
        lambda content: content[:100_000] + b"\xff\xfe" + content[100_002:],
    ],
    ids=["text", "empty", "half", "almost_whole", "rotten"],
)
def test_a_file_that_is_not_whole(saved, other, tmp_path, damage):
    path = tmp_path / "model.keras"
    path.write_bytes(damage(saved[1].read_bytes()))
    assert_refused(other, path, "not a whole .keras file")


@pytest.mark.parametrize(
    "parts",
    [
        {"config": b"{"},
        {"config": b"\xff\xfe"},
        {"config": b"[]"},
        {"config": b'"text"'},
        {"config": b"{}"},
        {"config": None},
        {"weights": None},
        {"weights": b"no HDF5"},
    ],
    ids=lambda parts: "_".join(f"{k}_{v}" for k, v in parts.items()),
)
def test_an_archive_that_is_no_model(saved, other, tmp_path, parts):
    path = changed(saved[1], tmp_path / "model.keras", **parts)
    assert_refused(other, path, "not a whole .keras file")


def test_another_ending(saved, other, tmp_path):
    path = changed(saved[1], tmp_path / "model.zip")
    assert_refused(other, path, ".keras")


def test_another_model(other, tmp_path):
    keras_file.save(LeNet1989(), tmp_path / "model.keras")
    assert_refused(
        other, tmp_path / "model.keras", "kerasapps>LeNet1989", "not 'kerasapps>LeNet5'"
    )


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"num_classes": 11}, "num_classes={}, not {};"),
        ({"input_shape": [32, 32, 3]}, "input_shape={}, not {};"),
        ({"output": "rbf"}, "output={!r}, not {!r};"),
    ],
)
def test_another_size(saved, other, tmp_path, option, words):
    theirs = LeNet5(**{"output": "softmax"} | option)
    keras_file.save(theirs, tmp_path / "theirs.keras")
    ((name, value),) = option.items()
    own = {"num_classes": 10, "input_shape": [32, 32, 1], "output": "softmax"}[name]
    assert_refused(
        other, tmp_path / "theirs.keras", "a LeNet5 with " + words.format(value, own)
    )
    assert_refused(theirs, saved[1], "a LeNet5 with " + words.format(own, value))


def test_foreign_code_is_never_run(saved, other, tmp_path):
    marker, path = tmp_path / "marker", tmp_path / "evil.keras"
    write_keras_file(path, marker)
    assert_refused(other, path, "'Sequential'", "not 'kerasapps>LeNet5'")
    # Nor where the file gives itself out for the right model, whether its weights
    # are those of the code's model or the right ones.
    config = config_of(path)
    config["registered_name"] = "kerasapps>LeNet5"
    config = json.dumps(config).encode()
    disguised = changed(path, tmp_path / "disguised.keras", config=config)
    assert_refused(other, disguised, "other weights")
    fitting = changed(saved[1], tmp_path / "fitting.keras", config=config)
    keras_file.load_weights(other, fitting)
    assert_same_weights(other, saved[0])
    assert not marker.exists()


def test_a_config_costs_no_memory(saved, tmp_path):
    # This many classes would take terabytes.
    config = config_of(saved[1])
    assert config["config"]["num_classes"] == 10
    config["config"]["num_classes"] = 10**12
    path = changed(
        saved[1], tmp_path / "huge.keras", config=json.dumps(config).encode()
    )
    restored = LeNet5(output="softmax")
    keras_file.load_weights(restored, path)
    assert_same_weights(restored, saved[0])


def test_an_array_that_claims_to_be_huge_costs_no_memory(saved, other, tmp_path):
    with zipfile.ZipFile(saved[1]) as archive:
        stored = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(stored, "r+") as file:
        kernel = "layers/dense/vars/0"
        assert file[kernel].shape == (120, 84)
        del file[kernel]
        file.create_dataset(kernel, [10**6, 10**6], "f4", chunks=(1000, 1000))
    path = changed(saved[1], tmp_path / "huge.keras", weights=stored.getvalue())
    assert path.stat().st_size < 10**6
    assert_refused(other, path)
    assert_not_loaded(path, "a larger LeNet5 than it holds weights for")


def test_a_scaled_network_comes_back(tmp_path):
    # Its config lists the widths of all modules.
    modules = [[[16] * 6, [16] * 6]]
    network = GoogLeNet(10, (96, 96, 1), False, stem=[16, 16, 16], inception=modules)
    network = network.scaled(2, 1.5, 1)
    keras_file.save(network, tmp_path / "model.keras")
    again = keras_file.load(tmp_path / "model.keras")
    assert again.get_config() == network.get_config()


def test_weights_that_are_no_numbers(other, tmp_path):
    damaged = LeNet5(output="softmax")
    kernel = damaged.layers[-1].kernel
    kernel.assign(keras.ops.full_like(kernel, np.nan))
    diverged = tmp_path / "diverged.keras"
    keras_file.save(damaged, diverged)
    assert_not_loaded(diverged, "isn't finite", "didn't diverge")
    assert_refused(other, diverged, "isn't finite", "didn't diverge")
