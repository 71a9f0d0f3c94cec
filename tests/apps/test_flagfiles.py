import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLAGFILES = sorted((ROOT / "apps/flags/train_classifier").glob("*.flags"))


def check(path):
    """Raises an error unless the app would take the flagfile at `path`."""
    import inspect

    import numpy as np
    import tensorflow_datasets as tfds
    from absl import flags

    from apps import common
    from kerasapps.data import augmentation
    from kerasapps.data.preprocessing import Preprocessing
    from kerasapps.training.optimizers import make_optimizer
    from kerasapps.training.schedules import learning_rate_schedule

    values = flags.FLAGS
    values(["train_classifier", f"--flagfile={path}"])
    constructor = common.find_model("classifier")
    defaults = inspect.signature(constructor).parameters
    shape = values.input_shape or defaults["input_shape"].default
    common.model_arguments(constructor, num_classes=10, input_shape=shape)
    preprocessing = Preprocessing(shape, shorter_side=values.shorter_side)
    augmentation.parse(
        values.augment,
        preprocessing=preprocessing,
        covariance=np.eye(preprocessing.image_shape[-1]),
    )
    rate = learning_rate_schedule(
        values.schedule,
        values.learning_rate,
        100,
        values.epochs,
        decay_epochs=[float(e) for e in values.decay_epochs],
    )
    make_optimizer(
        values.optimizer, rate, nesterov=values.nesterov, epsilon=values.epsilon
    )
    if values.dataset not in ["digits", *tfds.list_builders()]:
        raise ValueError(f"no dataset {values.dataset}")


def check_all():
    """Prints what is wrong with each flagfile, as JSON; runs in its own process."""
    from absl.testing import flagsaver

    import apps.train_classifier  # noqa: F401

    wrong = {}
    for path in map(Path, sys.argv[1:]):
        with flagsaver.flagsaver():
            try:
                check(path)
            except Exception as error:
                wrong[path.name] = f"{type(error).__name__}: {error}"
    print(json.dumps(wrong))


def wrong_ones(paths):
    """What is wrong with flagfiles, by their names; one process for all."""
    command = "from tests.apps.test_flagfiles import check_all; check_all()"
    result = subprocess.run(
        [sys.executable, "-c", command, *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_the_app_takes_every_flagfile(tmp_path):
    bad = {
        "flag": ("--no_such_flag=1", "UnrecognizedFlagError"),
        "validator": ("--ema=1", "IllegalFlagValueError"),
        "model": ("--model=lenet6", "did you mean lenet5"),
        "option": ("--model_options=outputs=softmax", "did you mean output"),
        "augment": ("--augment=reflexion", "did you mean reflection"),
        "crop": ("--augment=random_crop:16:16", "needs 32 <= smallest"),
        "side": ("--shorter_side=16", "give 32 or more"),
        "dataset": ("--dataset=imagenet", "no dataset imagenet"),
        "optimizer": ("--optimizer=rmsprop\n--nesterov", "nesterov is for sgd"),
    }
    for name, (text, _) in bad.items():
        (tmp_path / f"{name}.flags").write_text(text)
    wrong = wrong_ones([*FLAGFILES, *tmp_path.glob("*.flags")])
    for name, (_, says) in bad.items():
        assert says in wrong.pop(f"{name}.flags")
    assert not wrong


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_a_comment_tells_the_command(path):
    lines = path.read_text().splitlines()
    head = [line for line in lines if line.startswith("#")]
    assert lines[: len(head)] == head
    name = path.relative_to(ROOT)
    commands = [line.split()[1:] for line in head if "apps.train_classifier" in line]
    assert commands[0][:4] == [
        *("python", "-m", "apps.train_classifier"),
        f"--flagfile={name}",
    ]
    # The model and the data are what the name says.
    model, data = path.stem.split("_", 1)
    assert f"--model={model}" in lines
    (dataset,) = (line[10:] for line in lines if line.startswith("--dataset="))
    assert data == dataset or data.startswith(f"{dataset}_")
