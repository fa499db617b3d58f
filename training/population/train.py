"""Train all members of a population on an executor, and list their policies.

population = create_population("walks", read_population("walks.toml"))
policies = train_population(population, LocalExecutor())
"""

from functools import partial

from rodent.experiment import Executor, run_shards
from rodent.experiment.drive import Report
from rodent.policy.policy_set import Member, PolicySet, write_policy_set
from training.population.draw import drawn_values
from training.population.folder import Population, member_name
from training.population.member import FIGURES, member


def train_population(
    population: Population, executor: Executor, report: Report = lambda done: None
) -> PolicySet:
    """Train the members that are missing, and write the list of all policies.

    Args:
        population: in its folder.
        executor: where members are trained.
        report: called with the number of members that are trained, after every member.

    Raises:
        WorkError: a member failed; those that are trained are kept.
    """
    folder = population.folder.resolve()
    work = partial(member, str(folder), population.digest, threads=executor.threads)
    run_shards(population.shards, work, executor, report)
    policies = listed(population)
    write_policy_set(policies, population.folder)
    return policies


def listed(population: Population) -> PolicySet:
    """The policies of the members that are trained.

    Raises:
        InputError: a file of a member is damaged.
    """
    config, members = population.config, []
    for number in population.shards.done():
        found = population.shards.read(number)
        members.append(
            Member(
                name=member_name(number),
                folder=str(population.policy(number).relative_to(population.folder)),
                digest=str(found["digest"]),
                values=drawn_values(config, number),
                figures={name: float(found[name]) for name in FIGURES},
                reached=bool(found["success_rate"] >= config.criterion.success_rate),
            )
        )
    return PolicySet(population.folder.name, config.criterion.describe(), tuple(members))
