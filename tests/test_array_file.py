"""Files of arrays that are dataclasses in the code."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.artifacts import read_arrays, write_arrays

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Kept(ArrayFile):
    start: Array
    widths: NDArray[np.int64]
    kernels: tuple[str, ...]
    steps: int
    scale: float
    first: dict[int, Array]
    first_factor: dict[int, Array]
    trained: dict[tuple[str, int, int], Array]
    unit: dict[str, float]
    late: Array | None = None


def kept(**changes):
    values = {
        "start": np.arange(6.0).reshape(2, 3),
        "widths": np.array([4, 8]),
        "kernels": ("linear", "relu-ntk"),
        "steps": 7,
        "scale": 0.1,
        "first": {4: np.ones(2), 8: np.zeros(3)},
        "first_factor": {8: np.full(2, 5.0)},
        "trained": {("dot-product", 4, 0): np.ones(1), ("sqrt(h)_x", 8, 1): np.zeros(1)},
        "unit": {"relu_self-supervised": 2.0},
    }
    return Kept(**values | changes)


def equal(a, b):
    return a.to_arrays().keys() == b.to_arrays().keys() and all(
        np.array_equal(array, b.to_arrays()[name]) and array.dtype == b.to_arrays()[name].dtype
        for name, array in a.to_arrays().items()
    )


def test_what_is_saved_comes_back_in_its_types(tmp_path):
    kept().save(tmp_path / "a.npz")
    back = Kept.load(tmp_path / "a.npz")
    assert equal(back, kept())
    assert back.kernels == ("linear", "relu-ntk")
    assert (back.steps, back.scale, back.late) == (7, 0.1, None)
    assert type(back.steps) is int
    assert list(back.first) == [4, 8]
    assert back.trained.keys() == kept().trained.keys()
    assert back.unit == {"relu_self-supervised": 2.0}


def test_arrays_have_the_names_of_their_fields_and_keys(tmp_path):
    kept(late=np.ones(1)).save(tmp_path / "a.npz")
    assert sorted(read_arrays(tmp_path / "a.npz")) == [
        "first_4", "first_8", "first_factor_8", "kernels", "late", "scale", "start", "steps",
        "trained_dot-product_4_0", "trained_sqrt(h)_x_8_1", "unit_relu_self-supervised", "widths",
    ]  # fmt: skip


def test_equal_contents_have_equal_bytes_whatever_the_order_of_keys(tmp_path):
    kept().save(tmp_path / "a.npz")
    kept(first={8: np.zeros(3), 4: np.ones(2)}).save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@given(st.dictionaries(st.integers(0, 10**9), st.floats(allow_nan=False), max_size=5))
def test_numbers_by_key_come_back_in_the_order_of_the_keys(values):
    @dataclass(frozen=True)
    class Numbers(ArrayFile):
        value: dict[int, float]

    back = Numbers.from_arrays(Numbers(values).to_arrays())
    assert back.value == values
    assert list(back.value) == sorted(values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("start"), "a.npz: no array 'start'; there are first_4, "),
        (lambda arrays: arrays.update(other=np.ones(1)), "a.npz: arrays of no field of Kept: other"),
        (lambda arrays: arrays.update(first_x=np.ones(1)), "a.npz: arrays of no field of Kept: first_x"),
    ],
)
def test_files_of_something_else_are_refused_in_a_line(tmp_path, change, message):
    arrays = kept().to_arrays()
    change(arrays)
    write_arrays(tmp_path / "a.npz", arrays)
    with pytest.raises(ValueError, match=message):
        Kept.load(tmp_path / "a.npz")
