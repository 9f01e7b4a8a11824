"""The scenes of the page width."""

from course.live.scene import Scene

SCENES = (
    Scene(
        "Adam, three widths",
        "rates_by_width",
        {},
        "",
    ),
)
