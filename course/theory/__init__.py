"""What mathematics predicts for a wide network at its start, before any weight is drawn.

In the limit of great width every preactivation is normal with mean 0 (Poole et al. 2016), so that a layer is
described by one number, the variance of its preactivations. The variance of the next layer is an integral over
the normal distribution, and so are all other predictions here; `expectations` computes them.

Throughout, `activation` is a name or an `Activation`; `weight_variance` is fan_in · Var w and `bias_variance`
is Var b, each a number, or one number for every layer in an array of shape `(depth,)`; `input_second_moment`
is the mean square of the inputs. Results of shape `(depth,)` begin with layer 1 and are read-only; they hold
inf where float64 overflows, and nan where an overflow meets a 0. A value that makes no sense raises a
ValueError that names it and what is allowed.
"""

from course.theory.border import chi, critical_weight_variance, fixed_point
from course.theory.checks import Variance
from course.theory.diagram import PhaseDiagram, phase_diagram
from course.theory.maps import DepthScales, correlation_map, depth_scales, fixed_correlation, length_map
from course.theory.propagation import (
    activation_means,
    activation_second_moments,
    correlations,
    gain,
    gradient_variances,
    preactivation_variances,
    weight_gradient_variances,
)
from course.theory.width import Slopes, linear_descent, rate_slope, relu_kernel, step_slopes

__all__ = [
    "DepthScales",
    "PhaseDiagram",
    "Slopes",
    "Variance",
    "activation_means",
    "activation_second_moments",
    "chi",
    "correlation_map",
    "correlations",
    "critical_weight_variance",
    "depth_scales",
    "fixed_correlation",
    "fixed_point",
    "gain",
    "gradient_variances",
    "length_map",
    "linear_descent",
    "phase_diagram",
    "preactivation_variances",
    "rate_slope",
    "relu_kernel",
    "step_slopes",
    "weight_gradient_variances",
]
