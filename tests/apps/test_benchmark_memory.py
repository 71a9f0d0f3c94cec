import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def benchmark(directory, *flags):
    return subprocess.run(
        [sys.executable, "-m", "apps.benchmark_memory", *flags],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_recomputation_takes_less_memory(tmp_path):
    flags = ("--model=DenseNet40K12", "--batch_size=8", "--steps=1", "--json")
    result = benchmark(tmp_path, *flags)
    assert result.returncode == 0, result.stderr
    plain, recomputed = json.loads(result.stdout)
    assert (plain["recompute"], recomputed["recompute"]) == (False, True)
    assert plain["seconds"] > 0
    # The maps that are joined, and what normalization and ReLU make of them, come to
    # 2 * 4 bytes * 8 images * (32 * 32 * 984 + 16 * 16 * 2,712 + 8 * 8 * 4,440).
    assert plain["peak_mib"] > 120
    assert recomputed["peak_mib"] < plain["peak_mib"] / 2


def test_a_model_that_has_no_such_option(tmp_path):
    result = benchmark(tmp_path, "--model=lenet5")
    assert result.returncode == 1
    assert "error: unknown model with the option recompute 'lenet5'" in result.stderr
    assert result.stderr.count("\n") == 1
