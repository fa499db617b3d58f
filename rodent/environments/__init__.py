"""A task as an environment of other libraries: Gymnasium, dm_env and brax.

    env = GymVectorEnv(task, num_envs=64)                   # rodent.environments.gym, host engine
    env = DmEnvironment(task)                               # rodent.environments.dm, host engine
    env = BraxEnv(task, num_envs=64)                        # rodent.environments.brax, device engine

All of them run the closed loop of `rodent.loop` with external actions.
"""
