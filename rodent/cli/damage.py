"""`rodent damage`: a policy whose weights are damaged for good, as a policy of its own."""

import dataclasses
from pathlib import Path

import tyro


@dataclasses.dataclass(frozen=True)
class Damage:
    """Damage weights of a policy, and write it as a policy of its own, with a card that says what was done.

    It is recorded, evaluated and lesioned like any other. To retrain it while what was cut stays cut:
    rodent train --clips gaits --out runs/recovery --start-from patient --ppo.optimizer.keep-zeros

    Example: rodent damage rat-neutral --out patient --intervention "cut * -> decoder/layer_1 by 30%"
    """

    policy: tyro.conf.Positional[Path]
    """A run folder, a policy folder, or the name of a built-in policy."""
    out: Path
    """Folder to create; its name becomes the name of the policy."""
    intervention: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A `cut`, or `degrade … of weights`, without times; repeat the option for several."""
    interventions: Path | None = None
    """A TOML file of interventions, which act after those of --intervention."""
    clips: Path | None = Path("gaits")
    """Reference motion of the policy's body. It is played before the damage if units are selected by their
    activity. `None` for tasks without clips."""
    note: str = ""
    """Text for the card, for example why this damage."""

    def run(self) -> None:
        """Damage and write; see the class."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from rodent.clips.reading import read_clips
        from rodent.errors import InputError
        from rodent.files import atomic_path
        from rodent.intervention import damage_card, damaged, lost_weights, parsed, read_interventions
        from rodent.pages.output import print_table, say
        from rodent.policy.policy import load_policy, save_policy
        from rodent.rollouts.episodes import policy_episodes
        from rodent.rollouts.interventions import prepared_for

        given = [parsed(text) for text in self.intervention]
        if self.interventions is not None:
            given += read_interventions(self.interventions)
        if not given:
            raise InputError(
                'there is no damage; expected such as --intervention "cut * -> decoder/layer_1 by 30%"'
            )
        if self.out.exists():
            raise InputError(f"{self.out} exists already; choose another --out")
        policy = load_policy(self.policy)
        task, episodes = policy_episodes(policy, None if self.clips is None else read_clips(self.clips))
        patient = damaged(policy, given, prepared_for(given, policy, task, episodes, {}))
        with atomic_path(self.out) as folder:
            save_policy(patient, folder)
            card = damage_card(self.out.name, str(self.policy), policy, patient, self.note)
            (folder / "README.md").write_text(card)
        lost = lost_weights(policy, patient)
        print_table(["layer", "weights", "cut", "changed"], [[layer, *n] for layer, n in lost.items()])
        say(f"wrote {self.out}; the card is {self.out / 'README.md'}")
