import functools
import gc
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Two processes share the cores; threads of their own would only wait for each other.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import pytest
import tensorflow as tf
from xdist.scheduler import LoadScopeScheduling

# Two devices, so that distribution can be tested in one process on any machine. Nothing
# uses the second without asking for it.
tf.config.set_visible_devices([], "GPU")
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


class FileScheduling(LoadScopeScheduling):
    """Keeps each file's tests in one process: what they share is made but once.

    Marks that group tests go by private names of pytest, which change.
    """

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        # Both of the GANs' apps look at the same runs.
        if file.endswith(("_train_gan.py", "_evaluate_gan.py")):
            return "gans"
        # They look at the same blueprints.
        return "models" if file.startswith("tests/models/") else file


def pytest_xdist_make_scheduler(config, log):
    """Hands the files out in their order, the commands' first: they are long."""
    return FileScheduling(config, log)


@pytest.fixture(scope="session")
def paper_blueprint():
    """Returns the blueprint of a model as the paper has it, made but once."""
    from kerasapps.weights.blueprint import blueprint

    return functools.cache(blueprint)


def pytest_collection_finish():
    """Spares garbage collection what was imported, and lets it run more rarely."""
    gc.collect()
    gc.freeze()
    # Tracing makes so many objects that the defaults cost a tenth of the tests' time.
    gc.set_threshold(100_000, 50, 1000)
