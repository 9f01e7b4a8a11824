"""The scenes of the page the_papers."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Sigmoid: who gives up?",
        "layers_in_training",
        {"experiment": "Glorot and Bengio 2010: sigmoid, 4 hidden layers"},
        "Let the class vote before the lines grow: which hidden layer leaves the middle of the sigmoid first? It is "
        "the last: its mean sinks, and its bars get shorter. The initialization on the right does the same, so "
        "the sigmoid is to blame, and not the scale of the weights.",
    ),
    Scene(
        "What the networks see",
        "shapeset_samples",
        {},
        "The images that Glorot and Bengio's networks look at, drawn without end. What has to be told apart, whatever "
        "the size, the place and the grey? Ask which two of the nine classes the class itself would confuse, then "
        "press New seed.",
    ),
    Scene(
        "Tanh: who saturates first?",
        "layers_in_training",
        {},
        "Look at the lower row. The first layer saturates, the second begins to, the others do not. Ask why it is the "
        "first: what does it receive that the others do not? Then point to the right: both initializations make the "
        "same error in this short run, where the paper's table has them far apart.",
    ),
    Scene(
        "Gradients before training",
        "layers_in_training",
        {"lower": "gradients ∂C/∂z"},
        "Only the left edge of the lower row counts here, before the first step. How far apart are the lines of the "
        "five layers? For the standard initialization more than a factor of ten, for the normalized one about three. "
        "Then let it run, and watch how training itself brings them together.",
    ),
    Scene(
        "ReLU with 30 layers",
        "layers_in_training",
        {"experiment": "He et al. 2015: ReLU, 30 layers"},
        "Choose the experiment with eight layers fewer first: both get under way, with He initialization much sooner. "
        "Now has the network with Xavier initialization stalled for good, or is it only slow? Most seeds stay at the "
        "grey line, the loss of guessing, and a few begin to leave it at the end.",
    ),
    Scene(
        "A hundred layers",
        "layers_in_training",
        {"experiment": "Klambauer et al. 2017: SELU and ReLU, 100 layers"},
        "Both initializations keep the size of the signal on average. Why does one network learn and the other hardly "
        "at all? Remind the class of two inputs that become one on the way through ReLU layers. Each has the best of "
        "the same few learning rates; larger ones than on offer help ReLU a little, and SELU stays ahead.",
    ),
    Scene(
        "Time and depth",
        "learning_time",
        {},
        "Linear networks, and yet depth matters. What will the two lines do to the right? Orthogonal networks need no "
        "longer when they get deeper, Gaussian ones do, and the deepest are not there when the run ends. A triangle "
        "on the upper edge means: not within these steps.",
    ),
)
