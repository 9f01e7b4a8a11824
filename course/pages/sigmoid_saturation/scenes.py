"""The scenes of the page sigmoid_saturation."""

from course.live.scene import Scene

_STEEP = {"depth": 20, "weight": 10.0, "bias": -5.0}

SCENES = (
    Scene(
        "Two away from zero",
        "sigmoid_slope",
        {},
        "How fast does this unit learn, compared with one at z = 0? How steep the tangent is on the left is how high "
        "the curve is on the right. At 2 the slope is 1/9.52, at the peak 1/4: the unit learns 2.38 times slower. Now "
        "move z until half of the peak is left. It is not far: 1.76.",
        slides={"z": (0.0, *map(float, range(1, 13)))},
    ),
    Scene(
        "Ten away from zero",
        "sigmoid_slope",
        {"z": 10.0, "pinned": {"z": 2.0}},
        "The unit at z = 2 is pinned. Ask before anybody computes: how many times smaller is the slope at 10? The "
        "unit outputs 0.99995, and a change of z hardly changes that any more: its slope is 1/22028, which is 2313 "
        "times less than at 2.",
    ),
    Scene(
        "Is ±4 a law?",
        "sigmoid_slope",
        {"z": 4.0, "axis": "logarithmic"},
        "A published recipe wants z in the grey band, from −4 to 4. What is special about 4? Nothing: on the "
        "logarithmic axis the slope falls along a nearly straight line, by a factor of 2.66 from 4 to 5, close to e. A "
        "unit is 5.53 times slower at 3 than at the peak, 14.2 times at 4, 37.6 times at 5. The band is a choice.",
    ),
    Scene(
        "Four layers in a row",
        "sigmoid_chain",
        {},
        "Each layer multiplies the gradient by w times its slope, with w = 1 by at most 1/4. What reaches layer 1? "
        "Read the right panel from right to left: 0.0027 arrives. Theory allows at most 0.0039, the fourth power of "
        "1/4.",
        slides={"depth": range(1, 21)},
    ),
    Scene(
        "Twenty layers",
        "sigmoid_chain",
        {"depth": 20, "pinned": {"depth": 4}},
        "4 layers are pinned, now there are 20. Let the class guess the power of ten. The factors hardly differ, so "
        "the points fall along a straight line: 1.1e-13 is left at layer 1, and theory allows at most 9.1e-13. Layer "
        "1 learns 2.0e+12 times slower than layer 20.",
    ),
    Scene(
        "Do large weights explode?",
        "sigmoid_chain",
        {"depth": 20, "weight": 10.0, "pinned": {"depth": 20, "weight": 1.0}},
        "An article warns that large weights make this product explode. Do they? Take a vote; weight 1 is pinned, "
        "now it is 10. The bound allows 9.1e+06; the measurement is 2.2e-66. The left panel says why: a large weight "
        "makes a large z, about 10 from layer 2 on, and there the slope of a sigmoid is nearly 0.",
    ),
    Scene(
        "On a knife's edge",
        "sigmoid_chain",
        {**_STEEP, "input": 0.52, "pinned": {**_STEEP, "input": 0.5}},
        "Can a chain explode at all? The pinned one does: bias −5 and input 0.5 put every unit at z = 0, and the "
        "gradient reaches the bound, 9.1e+06. What will input 0.52 do? The gradient is 4.8e-19. A small change grows "
        "from layer to layer too, and drives the units away from the steep part of the sigmoid.",
    ),
)
