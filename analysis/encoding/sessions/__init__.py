"""`rodent encode` in Python: whole sessions from their files to scores, tests, tables and figures.

    config = EncodeConfig(Path("walk.h5"), Path("spikes.npz"), layer=("decoder/layer_0",))
    with open_sessions(config) as opened:
        found = encode_sessions(config, opened, models_of(config, opened))
    found.p(0), found.q(0), to_json(found)

`open_sessions` is in `analysis.session`. `models` has the models to regress on, `encode` the regressions,
and `results` the scores over all sessions. `analysis.encoding.encoding.encode` does all of it in one call.
"""
