"""The scenes of the page todays_networks."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Fifty residual blocks",
        "todays_networks",
        {},
        "Both layers of every branch have He initialization. Let the class vote before the picture opens: is the "
        "signal kept, does it grow fifty-fold, or more? Theory says 7.2e+23, three to the fiftieth power. Why three "
        "and not two? Ask which layer of a branch reads a signal that no ReLU has halved.",
        slides={"depth": (1, 2, 5, *range(10, 101, 10))},
    ),
    Scene(
        "Branches times 1/√L",
        "todays_networks",
        {"blocks": "1/√L"},
        "The last weights of each branch are divided by √50, and in theory the whole network multiplies the mean "
        "square by 7.1. Ask what 100 blocks will do before you move the depth. Hardly more: 7.2, because the growth "
        "stays below e² at every depth.",
    ),
    Scene(
        "Branches of zero",
        "todays_networks",
        {"blocks": "zero"},
        "Every block passes on exactly what it received, and the gradient too. Can such a network learn at all? Ask "
        "which gradient the first weights of a branch get, and which the last ones. The first weights wait for one "
        "step. Then switch to Fixup: which panel changes?",
    ),
    Scene(
        "Batch norm, backward",
        "todays_networks",
        {"blocks": "plain", "normalization": "batch"},
        "Move the gain: the signal does not change. Now look at the backward pass. In theory each block multiplies "
        "the gradient's variance by 1.467, and all of them together by 1.4e+08, whatever the size of the weights. Ask "
        "what would help: first layer normalization, then residual blocks.",
    ),
    Scene(
        "What a border costs",
        "todays_networks",
        {
            "layer": "convolution, zeros",
            "blocks": "plain",
            "pinned": {"layer": "convolution, circular", "blocks": "plain"},
        },
        "The pinned convolutions wrap around the image; these see zeros outside its border, with the same weights. "
        "Where does the signal go? In theory 0.015 of it is left. Ask why this hardly ever troubles anybody: real "
        "images are larger than 8 by 8 and lose far less in a layer.",
    ),
    Scene(
        "The frameworks' defaults",
        "framework_defaults",
        {},
        "One network of ten ReLU layers, and what three frameworks draw when nobody chooses an initialization. Let "
        "the class guess which points belong to their own framework. In theory Flax and Keras leave 9.8e-04 of the "
        "mean square, PyTorch 1.7e-08. Why has hardly anybody noticed?",
    ),
    Scene(
        "Gradients in float16",
        "half_precision",
        {},
        "With Xavier initialization a ReLU network shrinks its signal and its gradient, and half precision has less "
        "room for that. Read the right panel from layer 30 back. Below 6.1e-05 digits are lost, and at layer 1 about "
        "4 % of the gradients are 0. Ask what a factor on the cost would do. Then raise the loss scale.",
        slides={"loss_scale": (1.0, 16.0, 256.0, 4096.0, 65536.0, 1048576.0, 16777216.0)},
    ),
)
