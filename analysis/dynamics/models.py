"""Models of latent dynamics by the names of their settings."""

from analysis.dynamics.activity import Kind
from analysis.dynamics.model import LatentModel
from analysis.dynamics.settings import DynamicsSettings


def make_model(settings: DynamicsSettings, kind: Kind, dimensions: int, bin_seconds: float) -> LatentModel:
    """The model that the settings name, not yet fitted."""
    return _class_of(settings)(settings, kind, dimensions, bin_seconds)


def steps_of(settings: DynamicsSettings) -> int:
    """Calls of `advance` in a fit of the model that the settings name."""
    return _class_of(settings).steps_of(settings)


def _class_of(settings: DynamicsSettings) -> type[LatentModel]:
    # imported here: jax is slow to import
    if settings.model == "lfads":
        from analysis.dynamics.lfads import Lfads

        return Lfads
    if settings.model == "lds":
        from analysis.dynamics.lds import LinearDynamicalSystem

        return LinearDynamicalSystem
    from analysis.dynamics.subspace import SUBSPACES

    return SUBSPACES[settings.model]
