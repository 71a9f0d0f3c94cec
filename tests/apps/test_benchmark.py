import json
import math
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def benchmark(*flags):
    return subprocess.run(
        [sys.executable, "-m", "apps.benchmark", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def tiny(*flags):
    size = ["--image_size=32", "--batch_size=2", "--repeats=1"]
    run = benchmark("--models=vggd", "--dtype_policy=float32", *size, *flags)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_json():
    report = json.loads(tiny("--json"))
    assert (report["image_size"], report["batch_size"]) == (32, 2)
    assert [row.pop("what") for row in report["rows"]] == ["training", "inference"]
    for row in report["rows"]:
        assert row.pop("model") == "vggd"
        assert row.pop("dtype_policy") == "float32"
        low, median, high = row.pop("ratio")
        assert 0 < low <= median <= high < math.inf
        assert row.pop("share_of_peak") > 0
        assert row.pop("twin_share_of_peak") > 0
        assert 0 < row.pop("images_per_second") < math.inf
        assert 0 < row.pop("twin_images_per_second") < math.inf
        peak = row.pop("peak_flops")
        assert list(peak) == ["matrix_product", "convolution"]
        assert all(0 < value < math.inf for value in peak.values())
        assert not row


def test_table():
    head, row = tiny("--what=inference").splitlines()
    words = "model dtype policy what ratio quartiles images/s twin share twin peak"
    assert " ".join(head.split()) == words
    model, policy, what, ratio, quartiles, *rest = row.split()
    assert (model, policy, what) == ("vggd", "float32", "inference")
    low, high = map(float, quartiles.split("-"))
    assert 0 < low <= float(ratio) <= high
    assert len(rest) == 6
    assert rest[-1] == "TFLOP/s"


def test_bad_input_is_one_line():
    run = benchmark("--models=resnet50,resnet18")
    assert run.returncode == 1
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: unknown model with a twin 'resnet18'; did you mean")
