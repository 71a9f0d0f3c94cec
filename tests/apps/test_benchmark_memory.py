import json

from tests.apps.in_process import assert_bad_input, run, run_well


def test_recomputation_takes_less_memory(tmp_path):
    flags = "--model=DenseNet40K12 --batch_size=16 --steps=1 --json"
    plain, recomputed = json.loads(run_well("benchmark_memory", flags, tmp_path))
    assert (plain["recompute"], recomputed["recompute"]) == (False, True)
    assert plain["seconds"] > 0
    # The maps that are joined, and what normalization and ReLU make of them, come to
    # 2 * 4 bytes * 16 images * (32 * 32 * 984 + 16 * 16 * 2,712 + 8 * 8 * 4,440).
    assert plain["peak_mib"] > 240
    assert recomputed["peak_mib"] < plain["peak_mib"] - 120


def test_a_model_that_has_no_such_option(tmp_path):
    result = run("benchmark_memory", "--model=lenet5", tmp_path)
    assert_bad_input(result, ["unknown model with the option recompute 'lenet5'"])
