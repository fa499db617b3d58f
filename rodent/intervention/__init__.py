"""The virtual preparation: interventions on the network, the senses and the actions of a policy.

    from rodent.intervention import Silence, parsed

    lesion = Silence("decoder/layer_0[20%]", to="mean", seed=1, start=1.0)
    same = parsed("silence decoder/layer_0[20%] to mean from 1 s seed 1")
    rodent.rollout(policy, clips, interventions=[lesion])

An intervention is data (`kinds`, `spec`, `language`). `plan` makes arrays of the interventions of a batch, in
which every environment can have its own, and `stepping` applies them inside the compiled step of the loop,
at the sites that probes record (`sites`). Statistics of units come from an intact rollout (`statistics`).
Without interventions nothing of this is compiled.
"""

from rodent.intervention.alignment import Alignment, AlignmentKey, Alignments
from rodent.intervention.body import model_fields
from rodent.intervention.damage import damage_card, damaged, lost_weights
from rodent.intervention.effects import chosen_units, effects, needs_statistics
from rodent.intervention.kinds import (
    KINDS,
    Clamp,
    Cut,
    Degrade,
    Delay,
    Drug,
    Gain,
    Leak,
    Mass,
    Noise,
    Silence,
    Stimulate,
    Swap,
    Threshold,
    Weaken,
)
from rodent.intervention.language import from_table, given_interventions, parsed, read_interventions, stored
from rodent.intervention.plan import Plan, PlanState, Report, planned
from rodent.intervention.preparation import Donor, Preparation, weight_norms
from rodent.intervention.sites import ACTION, Sites
from rodent.intervention.spec import Intervention
from rodent.intervention.statistics import Statistics
from rodent.intervention.stepping import Stepping
from rodent.intervention.uniform import form_of, uniform

__all__ = [
    "ACTION",
    "KINDS",
    "Alignment",
    "AlignmentKey",
    "Alignments",
    "Clamp",
    "Cut",
    "Degrade",
    "Delay",
    "Donor",
    "Drug",
    "Gain",
    "Intervention",
    "Leak",
    "Mass",
    "Noise",
    "Plan",
    "PlanState",
    "Preparation",
    "Report",
    "Silence",
    "Sites",
    "Statistics",
    "Stepping",
    "Stimulate",
    "Swap",
    "Threshold",
    "Weaken",
    "chosen_units",
    "damage_card",
    "damaged",
    "effects",
    "form_of",
    "from_table",
    "given_interventions",
    "lost_weights",
    "model_fields",
    "needs_statistics",
    "parsed",
    "planned",
    "read_interventions",
    "stored",
    "uniform",
    "weight_norms",
]
