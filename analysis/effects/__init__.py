"""What interventions do to virtual animals: the statistics of an experiment's table of outcomes.

    table = read_outcomes(Path("experiment"))
    found = Effects().fit(table)              # arm minus matched control, with interval and rank p
    found.effects_[0].value, found.effects_[0].interval, found.effects_[0].p

The table has a row per rollout (`outcomes`). Every rollout is paired with the intact one of the same policy,
clip, start and noise (`pairs`). Intervals come from a bootstrap over policies, clips and draws (`bootstrap`),
p from the rank among random draws (`effect`). Beside them stand dose-response curves (`dose`), survival
(`survival`), Shapley values of lesions at several sites (`shapley`), and the number of animals that would
show an effect (`power`).
"""
