import time

import numpy as np
import pytest

from kerasapps.evaluation import speed


def test_runs_take_turns_after_one_that_is_not_timed():
    order = []
    seconds = speed.alternate([lambda: order.append("a"), lambda: order.append("b")], 3)
    assert order == ["a", "b"] * 4
    assert seconds.shape == (3, 2)


def test_the_times_are_those_of_their_runs():
    waits = [0.03, 0.06]
    seconds = speed.alternate([lambda w=w: time.sleep(w) for w in waits], 2)
    # Whatever else runs, sleep takes no less than it should.
    assert (seconds >= waits).all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_roofs_count_their_multiply_adds(dtype):
    run, count = speed.matrix_product(dtype, size=8)
    assert count == 512
    assert np.isfinite(float(run()))
    run, count = speed.convolution(dtype, size=3, channels=2)
    assert count == 16 * 9 * 9 * 4
    assert np.isfinite(float(run()))
