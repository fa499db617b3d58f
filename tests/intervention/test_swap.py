"""Modules of another policy: bits of a self-swap, what is computed, alignment, and errors."""

import dataclasses

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.intervention import Alignments, Donor, Swap, parsed, planned
from rodent.policy.policy import save_policy
from rodent.rollouts import interventions
from rodent.rollouts.donors import action_factor, load_donors
from rodent.rollouts.episodes import clip_episodes
from rodent.rollouts.interventions import prepared_for
from rodent.synthesis.stance import stance_clips
from tests.intervention.preparations import CLIPS, FRAMES, N, states, units
from tests.policies import TINY, untrained_policy

OTHER = dataclasses.replace(TINY, latent=6, encoder=(16, 14), decoder=(12, 9))


@pytest.fixture(scope="module")
def swapped(preparation, body):
    """Plays with donors: `self`, `alike` of the same sizes, and `other` of other sizes."""
    policy, runner, prepared = preparation
    alike = untrained_policy(body, policy.network_config, seed=7)
    donors = {"self": policy, "alike": alike, "other": untrained_policy(body, OTHER, seed=8)}
    rng, activity = np.random.default_rng(0), {}
    for site, size in prepared.sites.sizes.items():
        x = rng.normal(size=(60, size))
        activity[site] = (x, x @ rng.normal(size=(size, {8: 6, 10: 9}.get(size, size))))
    given = {
        name: Donor(donor, policy.normalizer, prepared.sites.places, Alignments(activity))
        for name, donor in donors.items()
    }
    prepared = dataclasses.replace(prepared, donors=given)

    def played(given):
        rows = [[parsed(text) for text in given.get(i, ())] for i in range(N)]
        plan = planned(rows, prepared, runner.task)
        groups = np.arange(N) % CLIPS
        return list(runner.play(policy.params, policy.normalizer, groups, frames=FRAMES, plan=plan))

    return played, alike


MODULES = ("encoder", "decoder", "encoder/layer_0", "latent/mean", "decoder/layer_0", "decoder/action_mean")


def test_a_swap_with_itself_leaves_every_bit(swapped, plain):
    played, _ = swapped
    texts = [f"swap {module} with self" for module in MODULES]
    rows = played(dict.fromkeys(range(N), texts))
    np.testing.assert_array_equal(states(rows), states(plain))
    for layer in plain[-1].units:
        np.testing.assert_array_equal(units(rows, layer), units(plain, layer))
    assert np.asarray(rows[-1].report.changed).sum() == 0


def test_modules_are_those_of_the_other_policy(swapped, preparation, plain):
    played, alike = swapped
    _, runner, _ = preparation
    groups = np.arange(N) % CLIPS
    pure = list(runner.play(alike.params, alike.normalizer, groups, frames=FRAMES))
    rows = played(
        {
            3: ["swap encoder with alike", "swap decoder with alike"],
            6: ["swap encoder with alike"],
            9: ["swap decoder with alike from frame 4"],
            12: ["swap decoder with other align regression"],
            15: ["swap encoder with other align procrustes"],
            18: ["swap encoder/layer_0[3] with alike"],
        }
    )
    # two modules from the same policy are that policy
    np.testing.assert_array_equal(states(rows)[:, 3], states(pure)[:, 3])
    np.testing.assert_array_equal(
        units(rows, "latent/mean")[0, 6], np.asarray(units(pure, "latent/mean")[0, 6])
    )
    assert (states(rows)[:, 6] != states(plain)[:, 6]).any()
    np.testing.assert_array_equal(states(rows)[:4, 9], states(plain)[:4, 9])
    changed = (states(rows) != states(plain)).any((0, 2))
    assert np.flatnonzero(changed).tolist() == [3, 6, 9, 12, 15, 18]
    counts = np.asarray(rows[-1].report.changed)[:, 0]
    assert counts[18] == FRAMES and counts[9] == (FRAMES - 4) * 38


def test_actions_mean_the_same_to_a_policy_of_another_scale(preparation, plain):
    policy, runner, prepared = preparation
    half = dataclasses.replace(policy, task=dataclasses.replace(policy.task, action_scale=0.5))
    assert action_factor(half, policy) == 0.5 and action_factor(policy, half) == 2.0
    alignments = Alignments()
    donor = Donor(half, policy.normalizer, prepared.sites.places, alignments, action_factor(half, policy))
    prepared = dataclasses.replace(prepared, donors={"half": donor})
    plan = planned([[parsed("swap decoder with half")]] * N, prepared, runner.task)
    (row,) = runner.play(policy.params, policy.normalizer, np.arange(N) % CLIPS, frames=1, plan=plan)
    layer = "decoder/action_mean"
    np.testing.assert_array_equal(units([row], layer)[0], units(plain[:1], layer)[0] / 2)


def test_sizes_that_differ_need_an_alignment(swapped):
    played, _ = swapped
    message = "latent/sample has 8 units in this policy and 6 in other; align their spaces: align procrustes"
    with pytest.raises(InputError, match=message):
        played({0: ["swap decoder with other"]})
    with pytest.raises(InputError, match=r"unknown module 'decodr'.*did you mean 'decoder'"):
        played({0: ["swap decodr with other"]})
    with pytest.raises(InputError, match="decoder/lstm cannot be taken from a network alone"):
        played({0: ["swap decoder/lstm with alike"]})


def test_policies_are_loaded_and_aligned_on_the_same_clips(preparation, body, tmp_path, monkeypatch):
    play = interventions.intact_rollouts
    policy, runner, _ = preparation
    save_policy(untrained_policy(body, OTHER, seed=8), tmp_path / "other")
    swap = Swap("decoder", policy=str(tmp_path / "other"), align="procrustes")
    clips = stance_clips(body, frames=FRAMES + 2, n=CLIPS)
    played = []
    monkeypatch.setattr(
        interventions, "intact_rollouts", lambda *given: played.append(given[0]) or play(*given)
    )
    given = [swap, parsed("silence decoder/layer_0 to mean")]
    prepared = prepared_for(given, policy, runner.task, clip_episodes(clips), load_donors(given))
    assert len(played) == 2  # each policy once, for statistics and maps
    fitted = {key: found.matrix.shape for key, found in prepared.donors[swap.policy].alignments.maps.items()}
    assert fitted == {("latent/sample", "procrustes", True): (8, 6)}
    assert prepared.statistics["decoder/layer_0"].mean.any()
    planned([[swap]] * N, prepared, runner.task)
    with pytest.raises(InputError, match="no such policy"):
        load_donors([Swap("decoder", policy="runs/none")])
