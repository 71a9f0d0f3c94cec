"""Two real processes train together as one process does alone."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from kerasapps.models import LeNet5

ROOT = Path(__file__).parents[2]
COUNT = len(LeNet5().weights)
COMMAND = [
    *(sys.executable, "-m", "apps.train_classifier"),
    *("--epochs=2", "--batch_size=160", "--checkpoint_every=2", "--export_dir="),
    *("--optimizer=sgd", "--learning_rate=0.001", "--run_dir=run"),
]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("localhost", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def start(directory, log, tf_config=None):
    directory.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = list(COMMAND)
    if tf_config:
        environment["TF_CONFIG"] = json.dumps(tf_config)
        command.append("--strategy=multi_worker")
    return subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdout=log.open("a"),
        stderr=subprocess.STDOUT,
    )


def state(directory, worker):
    """Returns the arrays of the worker's last checkpoint, without the header."""
    folder = directory / "run" / "checkpoints" / f"worker-{worker}"
    newest = sorted(folder.glob("checkpoint-*.npz"))[-1]
    with np.load(newest) as file:
        return newest.name, [file[name] for name in file.files[1:]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One process alone; two workers, the second killed and started again."""
    base = tmp_path_factory.mktemp("workers")
    ports = free_ports(2)
    cluster = {"worker": [f"localhost:{port}" for port in ports]}
    configs = [
        {"cluster": cluster, "task": {"type": "worker", "index": index}}
        for index in range(2)
    ]
    logs = [base / "worker-0.log", base / "worker-1.log"]
    together = base / "together"
    workers = [
        start(together, log, config) for log, config in zip(logs, configs, strict=True)
    ]
    checkpoint = together / "run/checkpoints/worker-1/checkpoint-0000000004.npz"
    deadline = time.monotonic() + 200
    while not checkpoint.exists() and time.monotonic() < deadline:
        assert workers[1].poll() is None, logs[1].read_text()
        time.sleep(0.02)
    workers[1].send_signal(signal.SIGKILL)
    workers[1].wait()
    workers[1] = start(together, logs[1], configs[1])
    alone = start(base / "alone", base / "alone.log")
    for process in [alone, *workers]:
        assert process.wait(300) == 0, "".join(log.read_text()[-3000:] for log in logs)
    return base, logs


def test_both_workers_end_with_the_same_weights(runs):
    base, _ = runs
    name, one = state(base / "together", 0)
    other_name, other = state(base / "together", 1)
    assert name == other_name
    # The first arrays are the model's; metrics differ, as each counts its own share.
    for a, b in zip(one[:COUNT], other[:COUNT], strict=True):
        np.testing.assert_array_equal(a, b)


def test_they_equal_those_of_one_process(runs):
    base, _ = runs
    name, one = state(base / "together", 0)
    other_name, alone = state(base / "alone", 0)
    assert name == other_name
    for a, b in zip(one[:COUNT], alone[:COUNT], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    metrics = [
        json.loads((base / run / "run" / "metrics.json").read_text())
        for run in ("together", "alone")
    ]
    for key in ("loss", "accuracy", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(*(m["history"][key] for m in metrics), rtol=1e-3)


def test_the_killed_worker_went_on_where_it_was(runs):
    _, logs = runs
    resumed = re.findall(r"Resuming .* at epoch (\d+), step (\d+)", logs[0].read_text())
    assert resumed, logs[0].read_text()
    assert resumed[-1] > ("1", "1")
