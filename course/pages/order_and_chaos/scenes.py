"""The scenes of the page order_and_chaos."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "A recommended gain",
        "order_and_chaos",
        {},
        "PyTorch's gain for tanh, 5/3, is a weight variance of 2.78. Two inputs begin with a cosine of 0.5. What is "
        "left of it at the end? Nothing: the outputs have no more in common than those of any two inputs. And on the "
        "backward pass the gradient grows to 6434 times its variance, by theory. Which of this would a look at the "
        "lengths alone have shown?",
        slides={"weight_variance": (0.5, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.4, 2.78, 3.2, 4.0, 5.0)},
    ),
    Scene(
        "Everything looks alike",
        "order_and_chaos",
        {"weight_variance": 1.5, "bias_variance": 0.2},
        "A short way into the blue. Let the class guess first: where does the cosine of 0.5 go now? To 1, within "
        "some twenty layers, and the gradient vanishes on the backward pass. Drag the point straight down to the lower "
        "edge and up again. From which height on does the grey line say that the two inputs become one?",
    ),
    Scene(
        "On the border",
        "order_and_chaos",
        {"weight_variance": 1.76, "bias_variance": 0.05},
        "Schoenholz and others give this point of the critical line. The gradient is nearly level, and the two "
        "inputs still come together, only slowly. Is this the best point of the line? Let the class drag along the "
        "dashes and judge by the panels. Then press New seed a few times: how much does a single network vary?",
    ),
    Scene(
        "He initialization is a point",
        "order_and_chaos",
        {"activation": "relu", "weight_variance": 2.0},
        "For ReLU the line stands upright at 2, and to the right of it lengths grow without end. He initialization is "
        "its foot: lengths and gradients are kept on average. And yet by theory two inputs have a cosine of 0.99 after "
        "layer 50. Ask what a small bias variance does here, then try it.",
    ),
    Scene(
        "A staircase to the end",
        "length_map",
        {},
        "Each step is a layer. The length begins at 2 and settles at 0.42; the correlation begins at 0.2 and climbs "
        "to 1. Which of the two is faster, and which one limits the depth? Move the weight variance until the right "
        "curve cuts the diagonal below 1. What is its slope at the corner then?",
    ),
    Scene(
        "A map without a bend",
        "length_map",
        {"activation": "relu", "weight_variance": 2.0, "bias_variance": 0.0, "start": 1.0, "correlation": 0.0},
        "ReLU's length map with He initialization is the diagonal itself. Every length stays, so nothing brings a "
        "network back that has left it: ask what the measured points do. On the right, two orthogonal inputs walk to "
        "0.94 in 20 layers. Let the class look for a weight variance that keeps them apart. There is none: without "
        "biases ReLU's correlation map is the same for all.",
    ),
)
