import functools
import json
import math

from apps import benchmark
from kerasapps.evaluation import speed
from tests.apps.in_process import assert_bad_input, run, run_well

SIZE = "--image_size=32 --batch_size=2 --repeats=1"
ROW = {
    "ratio": [0.5, 1.25, 2.0],
    "images_per_second": 123.45,
    "twin_images_per_second": 98.76,
    "share_of_peak": 0.25,
    "twin_share_of_peak": 0.125,
    "peak_flops": {"matrix_product": 1.5e12, "convolution": 2.5e12},
}


def test_json(tmp_path, monkeypatch):
    # Smaller than what reaches the machine's peak.
    product = functools.partial(speed.matrix_product, size=64)
    convolution = functools.partial(speed.convolution, size=4)
    monkeypatch.setattr(speed, "matrix_product", product)
    monkeypatch.setattr(speed, "convolution", convolution)
    flags = f"--json --models=vggd --dtype_policy=float32 {SIZE}"
    report = json.loads(run_well("benchmark", flags, tmp_path))
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


def test_table(tmp_path, monkeypatch):
    asked = []

    def compare(name, policy, what, *sizes):
        asked.append(sizes)
        return {"model": name, "dtype_policy": policy, "what": what, **ROW}

    monkeypatch.setattr(benchmark, "compare", compare)
    flags = f"--models=vggd,resnet50 --what=inference {SIZE}"
    head, *rows = run_well("benchmark", flags, tmp_path).splitlines()
    words = "model dtype policy what ratio quartiles images/s twin share twin peak"
    assert " ".join(head.split()) == words
    assert asked == [(32, 2, 1)] * 4
    numbers = "inference 1.25 0.50-2.00 123.5 98.8 25% 12% 2.50 TFLOP/s"
    for row, model in zip(rows[::2], ("vggd", "resnet50"), strict=True):
        assert " ".join(row.split()) == f"{model} float32 {numbers}"


def test_bad_input_is_one_line(tmp_path):
    result = run("benchmark", "--models=resnet50,resnet18", tmp_path)
    assert_bad_input(result, ["unknown model with a twin 'resnet18'; did you mean"])
    assert result.output == ""
    result = run("benchmark", "--models=", tmp_path)
    assert_bad_input(result, ["models names nothing; give some of", "(--models)"])
