"""Defaults of `rodent train` for each device.

    run = new_run(out, DEFAULTS["gpu"], clips)

A GPU needs thousands of environments. With eight times as many as on a CPU, an update has eight times the
steps. Thresholds in steps are larger, but by less than eight times, because a policy learns more from a
larger update. The latency of a GPU makes small updates inefficient, so each update has more imagined
rollouts, and there are more updates. On one H100 these settings tracked nine of nine real clips after two
and a half minutes; see docs/pages/how-to/gpu.md.
"""

from training.config import ModelBasedConfig, PPOConfig, SamplerConfig, TrainConfig

DEFAULTS = {
    "cpu": TrainConfig(),
    "gpu": TrainConfig(
        ppo=PPOConfig(
            num_envs=4096,
            minibatches=16,
            polyak=0.8,
            final_std_steps=(3_200_000, 13_200_000),
            latent_kl_steps=8_000_000,
        ),
        model_based=ModelBasedConfig(begin=4_400_000, warmup=1_200_000, updates=32, rollouts=1024),
        sampler=SamplerConfig(memory=0.85),
        device="gpu",
        evaluate_every=2_000_000,
    ),
}
