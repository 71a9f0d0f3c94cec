import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.addressing import is_addressable, select

NUMBERS = tf.data.Dataset.from_tensor_slices(np.arange(0, 90, 10))
RECORDS = NUMBERS.filter(lambda number: True)


def test_arrays_are_addressable_and_records_are_not():
    both = tf.data.Dataset.zip((NUMBERS, NUMBERS.map(lambda number: number + 1)))
    assert is_addressable(NUMBERS)
    assert is_addressable(both)
    assert not is_addressable(RECORDS)


@pytest.mark.parametrize("dataset", [NUMBERS, RECORDS])
@pytest.mark.parametrize("positions", [[1, 4, 8], []])
def test_examples_are_picked_out(dataset, positions):
    chosen = select(dataset, np.array(positions))
    assert [*chosen.as_numpy_iterator()] == [10 * position for position in positions]
    assert chosen.element_spec == dataset.element_spec
    if positions:
        assert is_addressable(chosen) == is_addressable(dataset)
