"""The scenes of the page transformers."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Twelve pre-LN blocks",
        "transformer",
        {},
        "All weights have LeCun initialization. An untrained head looks at about 40 of the 64 positions, whatever its "
        "size: move the heads. Ask why the number rises from block to block. Open the table: what does the mean "
        "cosine of two positions do?",
        slides={"depth": (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 80, 100)},
    ),
    Scene(
        "Logits not divided",
        "transformer",
        {"divided": False},
        "The heads of the first block look at 2.4 positions in theory. Everybody knows that a saturated softmax has "
        "small gradients. Ask the class to look at the lower left panel: why does the gradient grow, by a factor of "
        "930 in theory? What is the logits' gradient multiplied by on its way to x?",
    ),
    Scene(
        "Forty-eight pre-LN blocks",
        "transformer",
        {"depth": 48},
        "The stream grows to 62 in theory, since every block adds about as much. Ask what the last normalization, "
        "which divides by that, does to the gradient of the last block. Read it off. Then let the class guess "
        "post-LN.",
    ),
    Scene(
        "Forty-eight post-LN blocks",
        "transformer",
        {"kind": "post-LN", "depth": 48},
        "The stream is 1 everywhere and shows nothing. Where is the gradient large? It halves from block to block "
        "near the output. Ask why it stops halving: the cosine of two positions is 1.00, and what all 64 share "
        "remains.",
    ),
    Scene(
        "Outputs times 1/√(2L)",
        "transformer",
        {"scaling": "1/√2L", "depth": 48},
        "The scaling of Radford and others. What writes to the stream is divided by the root of the number of "
        "branches, and in theory the stream ends at 1.3. Ask what 100 blocks will do before you move the depth.",
    ),
    Scene(
        "Outputs of zero",
        "transformer",
        {"scaling": "zero", "depth": 48},
        "Nothing is added at first, and signal and gradient pass unchanged. Can it learn? Ask which matrices get a "
        "gradient: the lower right panel shows one of them.",
    ),
    Scene(
        "ReZero: every gate zero",
        "transformer",
        {"kind": "no LN", "scaling": "rezero", "depth": 48},
        "The same picture, but for one panel: each branch is multiplied by a gate that is 0. Ask what can learn at "
        "the first step, if W_down gets a gradient of exactly 0. The gates alone do.",
    ),
    Scene(
        "DeepNorm, a stronger skip",
        "transformer",
        {"kind": "post-LN", "scaling": "deepnorm", "depth": 48},
        "Post-LN again, and the gradient is level: theory says 1. The stream is multiplied by the fourth root of 2L "
        "in front of each sum, and the branches are made smaller. Ask what the normalization then divides by.",
    ),
    Scene(
        "T-Fixup without any LN",
        "transformer",
        {"kind": "no LN", "scaling": "t-fixup", "depth": 48},
        "No normalization at all, and the stream ends at 1.1 in theory. Ask what would happen without the scaling. "
        "Then choose none, and count the decades.",
    ),
    Scene(
        "A std of 0.02",
        "transformer",
        {"std": "0.02"},
        "At a width of 128 the number is much too small: a head looks at 64 of 64 positions, and twelve blocks add "
        "hardly anything, 1.1 in theory. For which width would it be right? Ask for the width before anybody reaches "
        "for a calculator.",
    ),
    Scene(
        "A race on English text",
        "transformer_race",
        {},
        "Four blocks, Adam at 0.005, and one text for all. Let the class vote who needs a warm-up before the lines "
        "grow. Post-LN stays near the loss of guessing, and with a warm-up it learns. Ask what a smaller rate would "
        "change. Then set it to 0.002.",
    ),
)
