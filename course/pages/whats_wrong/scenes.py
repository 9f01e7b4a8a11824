"""The scenes of the page whats_wrong."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "The first patient",
        "bug_hunt",
        {},
        "Read the complaint aloud, then the picture before any menu: is it the signal, the gradient, or both, and "
        "in which layer does it begin? The signal is too large from layer 1 on, and far beyond what layers of this "
        "kind could do by chance. Let the class name lines of code before you open the menu.",
    ),
    Scene(
        "Only in this shape",
        "bug_hunt",
        {"patient": "fan_out"},
        "Which decision of an initialization cannot be seen when all layers are equally wide? Have the class say what "
        "changes along this network: the width. So what is wrong must follow the width. Fix the line with the fan, and "
        "compare the marks before and after.",
    ),
    Scene(
        "Ten layers were fine",
        "bug_hunt",
        {"patient": "gain_squared"},
        "By which factor does each layer multiply the mean square? Count it off the curve: 2, in every layer, "
        "whatever its width. Ask which mistake gives a factor that does not follow the shape. Then ask why nobody "
        "noticed at ten layers.",
    ),
    Scene(
        "It worked with tanh",
        "bug_hunt",
        {"patient": "gain_of_another"},
        "Here the signal halves in every layer. Ask for the name of this initialization: it is Xavier's, on ReLU. Why "
        "is layer 1 not marked? Its inputs are data, which nothing has halved yet.",
    ),
    Scene(
        "Nothing to be seen",
        "bug_hunt",
        {"patient": "one_key", "diagnosis": "shown"},
        "Every curve is in its band, and every layer but the first is marked. What can be wrong with a network "
        "whose numbers are all right? Let the class guess before you read the diagnosis: the layers have the same "
        "weights.",
    ),
    Scene(
        "Ill before layer 1",
        "bug_hunt",
        {"patient": "half_precision"},
        "One mark, on layer 1, and no curve behind it. Is it the weights? Try their lines in the menu: all were "
        "right. Ask what else a first layer receives. The largest number of float16 is 65504.",
    ),
)
