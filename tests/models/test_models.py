"""All models through all checks: one row a model.

A row has the model, the trainable parameters that the paper's own has, the arguments of
a small variant and what that variant puts out for two input sizes.
"""

import inspect

import pytest

from kerasapps import models
from tests import checks
from tests.checks import Row

ROWS = [
    Row(
        models.LeNet5,
        60_000,
        {"num_classes": 7, "name": "small"},
        {(32, 32, 1): (7,), (36, 41, 3): (7,)},
    ),
    Row(
        models.LeNet5,
        60_000,
        {"num_classes": 3, "output": "softmax", "name": "plain"},
        {(33, 32, 2): (3,), (48, 36, 1): (3,)},
    ),
    Row(
        models.LeNet1989,
        9_760,
        {"num_classes": 4, "name": "small"},
        {(16, 16, 1): (4,), (28, 21, 3): (4,)},
    ),
]
IDS = [f"{row.factory.__name__}-{row.config['name']}" for row in ROWS]
each_row = pytest.mark.parametrize("row", ROWS, ids=IDS)


def test_every_model_has_its_row():
    exported = {
        name
        for name, value in vars(models).items()
        if callable(value) and not name.startswith("_")
    }
    assert exported == {row.factory.__name__ for row in ROWS}


def test_every_model_names_its_paper():
    for row in ROWS:
        paper = inspect.getmodule(row.factory).PAPER
        assert paper.title in inspect.getmodule(row.factory).__doc__
        assert paper.url in inspect.getmodule(row.factory).__doc__


@each_row
def test_parameters(row):
    checks.check_parameters(row)


@each_row
def test_output_shapes(row):
    checks.check_output_shapes(row)


@each_row
def test_config(row):
    checks.check_config(row)


@each_row
def test_gradients(row):
    checks.check_gradients(row)


@each_row
def test_export(row, tmp_path):
    checks.check_export(row, tmp_path / "1")


@each_row
def test_dtype_policies(row):
    checks.check_dtype_policies(row)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    directory = tmp_path_factory.mktemp("elsewhere")
    return directory, checks.run_elsewhere(ROWS, directory)


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize("number", range(len(ROWS)), ids=IDS)
def test_elsewhere(number, backend, elsewhere):
    directory, logs = elsewhere
    checks.check_elsewhere(number, directory, backend, logs[backend])
