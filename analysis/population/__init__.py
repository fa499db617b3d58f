"""Populations of policies that show one behaviour: what is constrained, what is free, and how they differ.

    report = PopulationReport.of("walks", PopulationReportConfig())
    report.constraints[0].p, report.layers["latent/mean"].cka, report.lesions.between

`constraints` asks which settings decide whether the behaviour is learnt, `alike` how similar activity and
movement of the policies are, `lesions` whether the same lesions do the same to all, and `neurons` which
policies predict recorded neurons.
"""
