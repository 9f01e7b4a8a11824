"""`predict`, under the name by which the pages know it."""

from course.live.predict import Choice, Curve, Number, Prediction, predict

__all__ = ["Choice", "Curve", "Number", "Prediction", "predict"]
