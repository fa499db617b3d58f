"""Populations: many policies that learn one behaviour, and differ in what a specification varies.

    config = read_population("walks.toml")
    population = create_population("walks", config)
    train_population(population, LocalExecutor())
    # walks/policies.json lists all policies, see rodent.policy.policy_set

A member is a pure function of the specification and its number (`draw`). Training one is a shard (`member`)
of the folder (`folder`), so that members are trained in any order, on any machine, and go on after a kill.
"""
