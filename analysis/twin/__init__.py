"""Digital twins of neural populations: one core for all animals, and a readout for each neuron.

    twin = Twin(TwinSettings()).fit(sessions)               # of several animals
    neurons = adapt(twin, session, minutes=4.0)             # of a new animal; the core stays as it is
    found = score_rates(neurons, session)                   # bits per spike on bins that were not fitted
    found.bits_per_spike, found.correlations, found.p_values

A core turns behavior, body part by body part, into features. A neuron reads them at one place of the body and
at one lag. The lagged GLM, a core with random weights and a core of shuffled animals are fitted and scored
likewise (`analysis.twin.comparison`), and everything is tested on simulated animals (`analysis.twin.truth`).
Neurons have spikes, or calcium (`analysis.twin.likelihood`).
"""
