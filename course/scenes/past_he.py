"""The scenes of the pages past He, 07 and 08."""

from course.scenes.scene import Scene

PAST_HE: tuple[Scene, ...] = (
    Scene(
        "07_order_and_chaos",
        "A recommended gain",
        "order_and_chaos",
        {},
        "PyTorch's gain for tanh, 5/3, is a weight variance of 2.78. Two inputs begin with a cosine of 0.5. What do "
        "you see of it at the end? Nothing: the network takes them for strangers, and on its way back the gradient "
        "grows to 6434 times its variance, by theory. Ask which of the three panels a look at the lengths alone "
        "would have shown.",
    ),
    Scene(
        "07_order_and_chaos",
        "Everything looks alike",
        "order_and_chaos",
        {"weight_variance": 1.5, "bias_variance": 0.2},
        "A short way into the blue. Let the class guess first: where does the cosine of 0.5 go now? To 1, within "
        "some twenty layers; and the gradient dies on its way back. Drag the point straight down to the lower edge and "
        "up again. At which moment does the middle panel turn round?",
    ),
    Scene(
        "07_order_and_chaos",
        "On the border",
        "order_and_chaos",
        {"weight_variance": 1.76, "bias_variance": 0.05},
        "Schoenholz and others give this point of the critical line. The gradient is nearly level, and the two "
        "inputs still come together, only slowly. Is this the best point of the line? Let the class drag along the "
        "dashes and judge by the panels. Then press New seed a few times: how far does one network stray?",
    ),
    Scene(
        "07_order_and_chaos",
        "He is a point",
        "order_and_chaos",
        {"activation": "relu", "weight_variance": 2.0},
        "For ReLU the line stands upright at 2, and right of it lengths grow for ever. He sits at its foot: lengths "
        "and gradients are kept, in the mean. And yet by theory two inputs have a cosine of 0.99 after layer 50. "
        "Ask what a small bias variance does here, then try it.",
    ),
    Scene(
        "07_order_and_chaos",
        "A staircase to the end",
        "length_map",
        {},
        "Each step is a layer. The length begins at 2 and settles at 0.42; the correlation begins at 0.2 and climbs "
        "to 1. Which of the two is faster, and which one limits the depth? Move the weight variance until the right "
        "curve cuts the diagonal below 1. What is its slope at the corner then?",
    ),
    Scene(
        "07_order_and_chaos",
        "A map without a bend",
        "length_map",
        {"activation": "relu", "weight_variance": 2.0, "bias_variance": 0.0, "start": 1.0, "correlation": 0.0},
        "ReLU's length map with He's weights is the diagonal itself. Every length stays, so nothing brings a "
        "network back that strays: ask what the measured points do. On the right, two orthogonal inputs walk to "
        "0.94 in 20 layers. What would keep them apart? Let the class look for a weight variance that does.",
    ),
    Scene(
        "08_orthogonal_and_luck",
        "Ten linear layers",
        "singular_values",
        {"depth": 10},
        "Blue are normal weights, orange orthogonal ones. Both keep lengths on average. Before it opens, ask: how "
        "differently do ten layers of normal weights treat two directions? Theory's largest stretch is 5.3, and the "
        "smallest one measured is below 10⁻¹². Why is the orange line level?",
    ),
    Scene(
        "08_orthogonal_and_luck",
        "A single matrix",
        "singular_values",
        {},
        "One matrix of normal weights stretches by nearly 2 at most, and some direction hardly at all. Let the "
        "class say what happens when its answer goes through a second such matrix, and a third. Move the depth and "
        "see who was right.",
    ),
    Scene(
        "08_orthogonal_and_luck",
        "Tanh kept nearly linear",
        "singular_values",
        {"depth": 50, "activation": "tanh", "input_rms": 0.01},
        "Fifty tanh layers with gain 1, fed a digit of rms 0.01: the units stay where tanh is straight. Ask what "
        "the orange points would do in a linear network. Then raise the input to 1, and the gain a little. What is "
        "left of isometry, and what has taken it away?",
    ),
    Scene(
        "08_orthogonal_and_luck",
        "ReLU flattens",
        "singular_values",
        {"depth": 5, "activation": "relu"},
        "Five ReLU layers. At least half of all directions of the answer are switched off, whatever the weights. "
        "Ask: can any choice of weights bring the triangles back up? Theory still predicts the root mean square, "
        "which He's gain keeps at 1.",
    ),
    Scene(
        "08_orthogonal_and_luck",
        "Three widths, one input",
        "luck",
        {},
        "Each point is the middle one of 200 networks with He's weights. All three widths keep the mean square on "
        "average; why do they keep so little in the middle? Ask where the curve of a network twice as wide would "
        "run. Then switch the axis.",
    ),
    Scene(
        "08_orthogonal_and_luck",
        "Depth over width",
        "luck",
        {"axis": "depth / width"},
        "The same networks, with each layer's number divided by the width: the three curves fall together. Which "
        "network is the luckier one, 100 layers of 64 units or 50 layers of 32? Ask for the slope of the right "
        "panel: a little more than 5.",
    ),
    Scene(
        "08_orthogonal_and_luck",
        "Less luck needed",
        "luck",
        {"weights": "orthogonal", "axis": "depth / width"},
        "These weights are orthogonal ones times the same gain. Let the class guess how much luck is left: an "
        "orthogonal layer keeps the length exactly, so what else is random? Which units are off. The slope falls "
        "from about 5 to about 3. Switch the weights to normal and back to see it.",
    ),
)
