"""The scenes of the page width."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Adam, three widths",
        "rates_by_width",
        {},
        "Wait until all curves are there. Which way do the minima of the left panel go when networks get wider? To the "
        "left: a rate that is best at width 32 is far too large at 512. On the right is the same network at width "
        "32, and the minima stay above one another. Ask what could have been changed in the wide networks.",
    ),
    Scene(
        "The same with SGD",
        "rates_by_width",
        {"optimizer": "sgd"},
        "Let the class guess first: is it Adam's fault? With SGD the minima on the left move much less, because the "
        "gradients of the early layers become smaller with the width by themselves. But look at the small rates on the "
        "left: the widest network learns fastest there. Why does it not on the right?",
    ),
    Scene(
        "All six widths",
        "rates_by_width",
        {"size": "medium"},
        "Twice as many widths, up to 1,024, and therefore longer: the last networks take most of the time. Ask for the "
        "best rate at 1,024 before its curve is there. Which curves end lowest on the right?",
    ),
    Scene(
        "The coordinate check",
        "coordinate_check",
        {},
        "One tiny step of SGD, no training. By how much has each layer changed? On the left outputs change in "
        "proportion to the width, the second hidden layer as its root, and the first one less and less. On the right "
        "all lines are level. Ask which layer would limit the learning rate of a very wide network.",
    ),
    Scene(
        "Adam's coordinate check",
        "coordinate_check",
        {"optimizer": "adam"},
        "Adam's first step is the sign of the gradient. Why is the first layer level now? And why are the outputs "
        "steeper? Two paths lead there: through the last weights, and through the layer below them, which is steeper. "
        "The points lie a little flatter than the dashes, since at small widths the first path still counts.",
    ),
    Scene(
        "Four larger steps",
        "coordinate_check",
        {"step": 4, "share": 1.0},
        "Four steps with a rate at which a narrow network learns. Where do the points leave the dashes, and where do "
        "they not? Theory's powers are for one small step: once the outputs of the wide networks are too large, the "
        "next steps are about undoing that.",
    ),
    Scene(
        "Lazy and rich",
        "lazy_or_rich",
        {},
        "The same network and the same targets. Which of the two has moved farther when both have the same loss? Read "
        "the sentence: how many of the weights lie along the one direction that matters, and what does it do for "
        "examples that were not trained on? The lazy network follows theory's dashes.",
    ),
    Scene(
        "The edge of stability",
        "lazy_or_rich",
        {"rich": 0.05, "learning_rate": 2.0},
        "Look at the panel on the right. The lazy network keeps the sharpness with which it began. The other one's "
        "rises: where does it stop? At the grey line, 2/η. Ask what the line does when the learning rate is made "
        "smaller, and then move it.",
    ),
)
