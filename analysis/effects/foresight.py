"""Whether linear models that were fitted to intact activity foresee what perturbations do.

model = Ridge.fit(x[intact], y[intact])
determination(y, model.predict(x))                        # of activity under a perturbation
determination(y - y0, model.predict(x) - model.predict(x0))   # of the response: perturbed minus intact
"""

from typing import NamedTuple

import numpy as np


class Ridge(NamedTuple):
    """A linear regression with a penalty on standardised inputs.

    Attributes:
        mean, sd: of the inputs, shape (inputs,).
        weights: shape (inputs, outputs).
        intercept: shape (outputs,).
    """

    mean: np.ndarray
    sd: np.ndarray
    weights: np.ndarray
    intercept: np.ndarray

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray, strength: float = 0.01) -> "Ridge":
        """Fit outputs (frames, outputs) to inputs (frames, inputs).

        Args:
            x: inputs.
            y: outputs.
            strength: of the penalty, relative to the variance of one standardised input.
        """
        mean, sd = x.mean(0), x.std(0)
        sd = np.where(sd > 1e-9, sd, 1.0)
        z, intercept = (x - mean) / sd, y.mean(0)
        gram = z.T @ z / len(z) + strength * np.eye(z.shape[1])
        return cls(mean, sd, np.linalg.solve(gram, z.T @ (y - intercept) / len(z)), intercept)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Outputs (frames, outputs)."""
        return (x - self.mean) / self.sd @ self.weights + self.intercept


def determination(y: np.ndarray, predicted: np.ndarray, *, about: str = "mean") -> float:
    """R²: the fraction of the sum of squares of all outputs that is explained; negative if worse than none.

    Args:
        y, predicted: shape (frames, outputs).
        about: sums of squares are about the `mean` of each output, or about `zero`, for responses.
    """
    centre = y.mean(0) if about == "mean" else 0.0
    return float(1 - ((y - predicted) ** 2).sum() / ((y - centre) ** 2).sum())
