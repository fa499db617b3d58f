"""What `rodent train` does where it is told no more than the device.

    run = new_run(out, DEFAULTS["gpu"], clips)

A GPU wants thousands of rats. With eight times those of a CPU an update sees eight times the steps.
Thresholds are counted in steps, so they come later, but less than eight times: a policy learns more from a
larger update. An update by imagined rollouts costs a GPU its latency, so each has more of them, and there
are more updates. On one H100 these settings tracked nine of nine real clips after two and a half minutes; see
docs/pages/how-to/gpu.md.
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
