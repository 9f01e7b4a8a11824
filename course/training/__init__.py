"""Training runs: what gradient descent makes of a start.

`Training` runs many networks at once on the same batches: every scheme, seed, gain and learning rate of a sweep is a
`Trial`, what they share is the `Setup`. `train` follows every unit of one hidden layer, in NumPy.
"""

from course.training.hidden_layer import (
    PERTURBED,
    STARTS,
    HiddenLayer,
    Run,
    distinct_units,
    largest_difference,
    loss_and_gradients,
    starting_layer,
    train,
)
from course.training.history import LEARNED, History, LayerHistory, outcomes, part_of
from course.training.optimizers import OPTIMIZERS, SCHEDULES
from course.training.runs import Training
from course.training.setups import LOSSES, Setup, Trial, guessing_loss, trials
from course.training.tasks import TASKS

__all__ = [
    "LEARNED",
    "LOSSES",
    "OPTIMIZERS",
    "PERTURBED",
    "SCHEDULES",
    "STARTS",
    "TASKS",
    "HiddenLayer",
    "History",
    "LayerHistory",
    "Run",
    "Setup",
    "Training",
    "Trial",
    "distinct_units",
    "guessing_loss",
    "largest_difference",
    "loss_and_gradients",
    "outcomes",
    "part_of",
    "starting_layer",
    "train",
    "trials",
]
