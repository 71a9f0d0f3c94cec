import json
import math

from tests.apps.in_process import assert_bad_input, run, run_well


def tiny(flags, folder):
    size = "--image_size=32 --batch_size=2 --repeats=1"
    given = f"--models=vggd --dtype_policy=float32 {size} {flags}"
    return run_well("benchmark", given, folder)


def test_json(tmp_path):
    report = json.loads(tiny("--json", tmp_path))
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


def test_table(tmp_path):
    head, row = tiny("--what=inference", tmp_path).splitlines()
    words = "model dtype policy what ratio quartiles images/s twin share twin peak"
    assert " ".join(head.split()) == words
    model, policy, what, ratio, quartiles, *rest = row.split()
    assert (model, policy, what) == ("vggd", "float32", "inference")
    low, high = map(float, quartiles.split("-"))
    assert 0 < low <= float(ratio) <= high
    assert len(rest) == 6
    assert rest[-1] == "TFLOP/s"


def test_bad_input_is_one_line(tmp_path):
    result = run("benchmark", "--models=resnet50,resnet18", tmp_path)
    assert_bad_input(result, ["unknown model with a twin 'resnet18'; did you mean"])
    assert result.output == ""
