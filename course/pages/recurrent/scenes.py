"""The scenes of the page recurrent."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "One matrix, 100 times",
        "recurrent",
        {},
        "A linear network of 128 units, with weights of variance 1/n. Theory for a wide network says 1 at every step. "
        "Ask where the points leave the dashes, and what the eigenvalue that lies outside the circle has to do with "
        "it. Then move the seed: does the gradient always explode?",
    ),
    Scene(
        "A new matrix each time",
        "recurrent",
        {"equal": False},
        "Only the tick was taken off. The gradient stays near the dashes at every seed. Ask why the eigenvalues say "
        "nothing now: does the next matrix stretch the same direction as the last one?",
    ),
    Scene(
        "Orthogonal weights",
        "recurrent",
        {"weights": "orthogonal"},
        "All eigenvalues lie on the circle. Nothing grows and nothing is lost, at any step and any seed. Ask what a "
        "gain of 1.1 does to 100 steps. Then try tanh: what is left of the advantage?",
    ),
    Scene(
        "ReLU and the identity",
        "recurrent",
        {"cell": "ReLU", "weights": "identity"},
        "Half of the units begin below zero and stay silent, and the others are handed on unchanged for ever, so the "
        "theory is 0.5. Let the class say what such a network can do with what it keeps. What would a gain of 1.05 do?",
    ),
    Scene(
        "tanh forgets slowly",
        "recurrent",
        {"cell": "tanh"},
        "The equal matrices still have a large eigenvalue. Why does nothing explode? The state falls until tanh has "
        "taken as much as the eigenvalue gives. Ask the class for the gradient with a gain of 0.9.",
    ),
    Scene(
        "LSTM, forget bias 0",
        "recurrent",
        {"cell": "LSTM"},
        "A famous network against vanishing gradients, with the biases of zero that nobody has thought about. What is "
        "the middle of the disc of eigenvalues? Ask how much of the gradient is left after ten steps. And after 100?",
    ),
    Scene(
        "LSTM, forget bias 1",
        "recurrent",
        {"cell": "LSTM", "forget": "1"},
        "One number has changed. The disc has moved to the right and ends just inside the circle. Ask before you "
        "click: which bias would put it right on the border, and why might that be unwise?",
    ),
    Scene(
        "LSTM, forget bias 2",
        "recurrent",
        {"cell": "LSTM", "forget": "2"},
        "Still more memory, so still better? The disc now reaches past the circle, and the gradient explodes until the "
        "states are no longer small, which is where the points leave the dashes. Ask which gate one could close.",
    ),
    Scene(
        "Chrono initialization",
        "recurrent",
        {"cell": "LSTM", "forget": "chrono"},
        "Every unit has a forget bias of its own, for memories from 2 to 100 steps, and an input gate that is closed "
        "as far as the other is open. The curve falls, but ever more slowly. Let the class explain the shape: which "
        "units are left at the end?",
    ),
    Scene(
        "Six that learn to add",
        "recurrent_race",
        {},
        "Sixty steps, two marked numbers, one sum. Let the class vote which networks get below the grey line before "
        "the lines grow. On the right, at the start: how much of the gradient arrives at the first step? Then move "
        "the moment to the end.",
    ),
)
