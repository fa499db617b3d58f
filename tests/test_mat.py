"""MAT files: sound ones pass the check of the structure, and damage is refused before scipy sees it."""

import struct

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from rodent.errors import InputError
from rodent.mat import check_structure, load_mat, mat_variables, read_mat

CELLS = np.empty((2, 2), object)
CELLS[:] = [[np.arange(3.0), "text"], [np.zeros((0, 0)), {"a": 1, "longer": [1 + 2j, 3]}]]
VARIABLES = {
    "numbers": np.arange(24).reshape(2, 3, 4),
    "small": np.int8([1, 2]),
    "complex": np.ones((3, 2)) * 1j,
    "text": np.array(["ab", "歩"]),
    "truth": np.array([True, False]),
    "cells": CELLS,
    "struct": {"inner": {"deep": np.eye(2)}, "list": [1, 2]},
    "sparse": scipy.sparse.csc_array(np.eye(4) * 1j),
    "empty": np.zeros((0, 3)),
}


@pytest.fixture(params=[False, True], ids=["plain", "compressed"])
def path(request, tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", VARIABLES, do_compression=request.param, oned_as="column")
    return tmp_path / "a.mat"


def test_every_kind_of_variable_passes(path):
    check_structure(path)
    assert mat_variables(path) == tuple(VARIABLES)
    np.testing.assert_array_equal(load_mat(path, ["numbers"])["numbers"], VARIABLES["numbers"])
    with pytest.raises(InputError, match=r"has no variable 'pred', for this; it has: numbers, small"):
        read_mat(path, "pred", [], "for this")


def test_an_element_of_another_type_is_refused(tmp_path):
    """The type of the numbers becomes that of a text, on which scipy ends the process."""
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"x": np.arange(5.0)})
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<II", 9, 40))
    for kind in (0, 8, 10, 16, 19, 500):
        data[at : at + 4] = struct.pack("<I", kind)
        path.write_bytes(data)
        with pytest.raises(InputError, match=f"is damaged: an element has type {kind}"):
            load_mat(path, ["x"])


def test_an_entry_of_cells_that_is_no_matrix_is_refused(tmp_path):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"x": CELLS[:1, :1]})
    data = path.read_bytes()
    inner = data.index(struct.pack("<I", 14), data.index(struct.pack("<I", 14)) + 4)
    path.write_bytes(data[:inner] + struct.pack("<I", 9) + data[inner + 4 :])
    with pytest.raises(InputError, match="an entry of a cell array or struct has type 9"):
        load_mat(path, ["x"])


@pytest.mark.parametrize("keep", [100, 130, 0.3, 0.7])
def test_a_file_cut_short_is_refused(path, keep):
    data = path.read_bytes()
    path.write_bytes(data[: keep if keep > 1 else int(keep * len(data))])
    with pytest.raises(InputError, match=r"a.mat is (truncated or )?damaged"):
        load_mat(path, list(VARIABLES))


def test_damage_anywhere_ends_in_an_input_error_or_is_harmless(path):
    rng, sound = np.random.default_rng(5), path.read_bytes()
    refused = 0
    for _ in range(150):
        data = bytearray(sound)
        for at in rng.integers(128, len(data), size=int(rng.integers(1, 6))):
            data[at] = rng.integers(256)
        path.write_bytes(data)
        try:
            load_mat(path, ["numbers", "cells", "struct", "text"])
        except InputError:
            refused += 1
    assert refused > 30
