import functools
import gc
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest
import tensorflow as tf

# Two devices, so that distribution can be tested in one process on any machine. Nothing
# uses the second without asking for it.
tf.config.set_visible_devices([], "GPU")
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keeps each file's tests in one process: what they share is made but once."""
    for item in items:
        # Both of the GANs' apps look at the same runs.
        name = "gans" if "gan_runs" in item.fixturenames else item.path.stem
        group = f"{item.path.parent}/{name}"
        if "paper_blueprint" in item.fixturenames:
            group = "paper_blueprint"
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def paper_blueprint():
    """Returns the blueprint of a model as the paper has it, made but once."""
    from kerasapps.weights.blueprint import blueprint

    return functools.cache(blueprint)


def pytest_collection_finish():
    """Lets garbage collection pass over what was imported: Keras calls it often."""
    gc.collect()
    gc.freeze()
