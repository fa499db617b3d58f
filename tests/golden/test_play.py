"""The built-in policies do what they did: to the bit on a machine that is known, nearly on any other."""

import json

import numpy as np
import pytest

from tests.golden.play import CASES, DIGESTS, TEN_FRAMES, clips_of, digest, environment, played


@pytest.mark.parametrize("case", CASES)
def test_a_built_in_policy_does_what_it_did(case, optimised, request):
    clips = clips_of(case, request.getfixturevalue("data") if CASES[case][1] == "nine" else None)
    arrays = optimised(played, case, clips)
    if "put back" in case:
        assert arrays["failed"].any(), "no rat was put back: the case proves less than it says"
    with np.load(TEN_FRAMES, allow_pickle=False) as frozen:
        np.testing.assert_allclose(arrays["qpos"][10], frozen[case], atol=2e-3)
    known = json.loads(DIGESTS.read_text()).get(environment(), {})
    if case in known:
        assert digest(arrays) == known[case]


def test_a_digest_sees_the_last_bit():
    plain = {"qpos": np.ones((3, 2), np.float32)}
    other = {"qpos": np.nextafter(plain["qpos"], np.float32(2))}
    assert digest(plain) == digest({"qpos": plain["qpos"].copy()}) != digest(other)
