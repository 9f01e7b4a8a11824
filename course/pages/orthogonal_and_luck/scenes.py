"""The scenes of the page orthogonal_and_luck."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Ten linear layers",
        "singular_values",
        {"depth": 10},
        "Blue are normal weights, orange orthogonal ones. Both keep lengths on average. Before it opens, ask: how "
        "differently do ten layers of normal weights treat two directions? Theory's largest stretch is 5.3, and the "
        "smallest one measured is below 10⁻¹². Why is the orange line level?",
        slides={"depth": (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100)},
    ),
    Scene(
        "A single matrix",
        "singular_values",
        {},
        "One matrix of normal weights stretches by nearly 2 at most, and some direction hardly at all. Let the "
        "class say what a second such matrix does to the output of the first, and a third. Move the depth and "
        "see who was right.",
    ),
    Scene(
        "Tanh kept nearly linear",
        "singular_values",
        {"depth": 50, "activation": "tanh", "input_rms": 0.01},
        "Fifty tanh layers with gain 1, fed a digit of rms 0.01: the units stay where tanh is nearly a straight line. "
        "Ask where the orange points would lie in a linear network. Then raise the input to 1, and the gain a little. "
        "What is left of isometry, and what has destroyed it?",
    ),
    Scene(
        "ReLU flattens",
        "singular_values",
        {"depth": 5, "activation": "relu"},
        "Five ReLU layers with independent weights. At least half of all directions are lost, with orthogonal weights "
        "too. Ask: which weights could bring the triangles back up? (Mirrored ones, which are not independent.) Theory "
        "still predicts the root mean square, which the gain of He initialization keeps at 1.",
    ),
    Scene(
        "Three widths, one input",
        "luck",
        {},
        "Each point is the median of 200 networks with He initialization. All three widths keep the mean square on "
        "average; why is the median so far below? Ask where the curve of a network twice as wide would "
        "run. Then switch the axis.",
    ),
    Scene(
        "Depth over width",
        "luck",
        {"axis": "depth / width"},
        "The same networks, with each layer's number divided by the width: the three curves nearly coincide. Which "
        "network strays less, 100 layers of 64 units or 50 layers of 32? Ask for the slope of the right "
        "panel: a little more than 5.",
    ),
    Scene(
        "Less luck needed",
        "luck",
        {"weights": "orthogonal", "axis": "depth / width"},
        "These weights are orthogonal ones times the same gain. Let the class guess how much luck is left: an "
        "orthogonal layer keeps the length exactly, so what else is random? Which units are off. The slope falls "
        "from about 5 to about 3. Switch the weights to normal and back to see it.",
    ),
)
