"""The scenes of the page todays_networks."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Fifty residual blocks",
        "todays_networks",
        {},
        "He's weights in both layers of every branch. Let the class vote before it opens: is the signal kept, does "
        "it grow fifty-fold, or more? Theory says 7.2e+23, three to the fiftieth power. Why three and not two? Ask "
        "which layer of a branch reads a signal that no ReLU has halved.",
    ),
    Scene(
        "Branches times 1/√L",
        "todays_networks",
        {"blocks": "1/√L", "pinned": {"blocks": "none"}},
        "The last weights of each branch start 1/√50 as large, and theory's growth is 7.1 in all; the unscaled "
        "network is pinned. What will 100 blocks make of it? Hardly more: 7.2. Move the depth. Many small interests "
        "never pay more than the power of e that is their sum.",
    ),
    Scene(
        "Branches that start at zero",
        "todays_networks",
        {"blocks": "zero"},
        "Every block passes on what it received, to the last digit, and the gradient too. Can such a network learn "
        "at all? Ask what the first weights of a branch get, and what the last ones. The first ones wait for one "
        "step. Then switch to Fixup: which panel changes?",
    ),
    Scene(
        "Batch norm's own explosion",
        "todays_networks",
        {"blocks": "plain", "normalization": "batch"},
        "Move the gain: the signal does not care. Now look back. By theory a block multiplies the gradient's "
        "variance by 1.467, and all of them by 1.4e+08. No choice of weights helps. Ask what would: first layer "
        "normalization, then residual blocks.",
    ),
    Scene(
        "What a border costs",
        "todays_networks",
        {
            "layer": "convolution, zeros",
            "blocks": "plain",
            "pinned": {"layer": "convolution, circular", "blocks": "plain"},
        },
        "The pinned convolutions wrap round the image; these see zeros beyond its border. He's weights are the "
        "same. Where does the signal go? Theory leaves 0.015 of it. Ask why this hardly ever troubles anybody: real "
        "images are larger than 8 by 8, and lose far less a layer.",
    ),
    Scene(
        "Nothing was said",
        "framework_defaults",
        {},
        "One network, ten layers of ReLU, and three ways to begin when nobody chose one. Let the class guess which "
        "points belong to their own framework. By theory Flax and Keras leave 9.8e-04 of the mean square, PyTorch "
        "1.7e-08. What has saved everybody who never noticed?",
    ),
    Scene(
        "Gradients in float16",
        "half_precision",
        {},
        "Xavier on ReLU is a start that shrinks, and half precision has less room for it. Which way is the right "
        "panel read? From layer 30 back. Below 6.1e-05 digits are lost, and at layer 1 about 4 % of the gradients "
        "are 0. Ask what a factor on the cost would do. Then raise the loss scale.",
    ),
)
