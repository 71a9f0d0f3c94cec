import importlib

import pytest

from apps.run import quiet_tensorflow


def test_another_backend_is_told(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(SystemExit, match=r"^error: KERAS_BACKEND=jax: the apps train"):
        importlib.reload(quiet_tensorflow)
