"""What the literature says about initialization, beside what is so: one row a claim, and the tests that assert it.

`python tests/claims.py` writes the appendix of the course, `notebooks/claims.md`, from this table.
"""

from collections.abc import Iterator
from typing import NamedTuple

from course.pages import NOTEBOOKS, notebooks

APPENDIX = NOTEBOOKS / "claims.md"
VERDICTS = {
    "right": "as it stands",
    "half right": "only under a condition that is often left out, or only roughly",
    "wrong": "measured, and found otherwise",
    "not reproduced": "it did not come out at the size that ran here, which says nothing against the source",
}
"""What a verdict means."""
ARTICLES = {
    "S0": "*Deep learning method (6): how to initialize neural network weights*, CSDN, column xbinworld. Its figures "
    "are those of an answer to *What are good initial weights in a neural network?*, Cross Validated, question 47590, "
    "2013",
    "S1": '*神经网络参数初始化方法* ("Methods of initializing a network\'s parameters"), CSDN, 2022-02-07',
    "S2": "*Deep learning parameter initialization (I): Xavier initialization, with code*, 2022-07-03",
    "S3": "*Deep learning theory: initialization, parameter adjustment*, 2022-08-04",
}
"""The introductory articles that the table calls by a short name."""


class Claim(NamedTuple):
    """A claim, who makes it, what is so, the page that shows it, and the tests, "file::function", that assert it."""

    topic: str
    text: str
    source: str
    verdict: str
    what_is_so: str
    page: str
    tests: tuple[str, ...]


def _claims(topic: str, *rows: tuple[str, ...]) -> list[Claim]:
    return [Claim(topic, *row[:5], row[5:]) for row in rows]


CLAIMS: tuple[Claim, ...] = (
    *_claims(
        "Saturation",
        (
            "The sigmoid's slope σ′ = σ(1 − σ) peaks at 0, at a quarter.",
            "S1",
            "right",
            "0.25, at 0",
            "sigmoid_saturation",
            "pages/test_sigmoid_saturation::test_the_slope_peaks_at_0_with_a_quarter",
            "pages/test_sigmoid_saturation::test_the_slope_is_the_sigmoid_times_its_complement_and_rise_over_run",
        ),
        (
            "At 2 it is about 1/10, at 10 about 1/22000.",
            "S0",
            "right",
            "1/9.524 and 1/22028",
            "sigmoid_saturation",
            "pages/test_sigmoid_saturation::test_the_inverse_of_the_slope_is_the_figure_of_the_page",
        ),
        (
            "So learning at 10 is 2200 times slower than at 2.",
            "S0",
            "half right",
            "2313 times: the ratio of two rounded figures is not the rounded ratio",
            "sigmoid_saturation",
            "pages/test_sigmoid_saturation::test_a_tenth_and_1_over_22000_are_fair_roundings_but_their_ratio_is_not",
        ),
        (
            "A sigmoid's inputs should stay within ±4.",
            "S0",
            "half right",
            "a choice and no law: at ±4 the slope has already lost a factor of 14",
            "sigmoid_saturation",
            "pages/test_sigmoid_saturation::test_at_the_edge_of_a_band_the_slope_has_lost_this_factor",
            "pages/test_variance_of_a_sum::test_at_4_the_sigmoid_has_lost_a_factor_of_14_of_its_slope",
        ),
        (
            "The gradient of a chain of sigmoid layers is a product of slopes and weights; with weights up to 1 it is "
            "at most a quarter a layer.",
            "S1",
            "right",
            "as automatic differentiation finds it",
            "sigmoid_saturation",
            "pages/test_sigmoid_saturation::test_the_gradient_of_four_layers_is_the_product_of_the_page",
            "pages/test_sigmoid_saturation::test_no_chain_passes_the_bound_and_with_weights_up_to_1_it_is_a_quarter_a_layer",
        ),
        (
            "Large weights make this product explode.",
            "S1",
            "wrong",
            "a large weight saturates its own slope; a factor passes 1 only above 4 and in a narrow window. Wide "
            "sigmoid networks explode above a weight std of about 10/√n",
            "sigmoid_saturation",
            "pages/test_sigmoid_saturation::test_a_large_weight_vanishes_where_the_bound_would_let_it_explode",
            "pages/test_sigmoid_saturation::test_a_chain_explodes_on_a_knife_edge_only",
            "pages/test_sigmoid_saturation::test_the_gradient_of_a_wide_network_explodes_above_a_weight_std_of_10_1",
        ),
    ),
    *_claims(
        "Symmetry",
        (
            "Logistic regression may start at zero.",
            "S1",
            "right",
            "its loss is convex",
            "symmetry",
            "pages/test_symmetry::test_logistic_regression_learns_threes_and_eights_from_zero",
            "pages/test_symmetry::test_its_loss_is_convex",
        ),
        (
            "A deep network may not: the units of a layer stay identical.",
            "S1, S3",
            "right",
            "exactly, for any constant. From zero, hidden weight gradients of tanh and ReLU are exactly zero; "
            "sigmoid's are equal after the first step",
            "symmetry",
            "pages/test_symmetry::test_units_that_start_equal_stay_equal_to_the_last_digit",
            "pages/test_symmetry::test_from_zero_tanh_and_relu_move_nothing_but_the_outputs_bias",
            "pages/test_symmetry::test_from_zero_sigmoids_hidden_weights_get_equal_gradients_after_the_first_step",
        ),
        (
            "With zero weights every middle node has the value 0.",
            "S3",
            "half right",
            "with tanh and ReLU; with sigmoid it is 0.5",
            "symmetry",
            "pages/test_symmetry::test_with_zero_weights_every_node_is_0_for_tanh_and_relu_and_05_for_sigmoid",
        ),
    ),
    *_claims(
        "Variance",
        (
            "Var U(a, b) = (b − a)²/12, and variances of independent terms add.",
            "S0, S2",
            "right",
            "the rule for products needs both means to be 0",
            "variance_of_a_sum",
            "pages/test_variance_of_a_sum::test_a_uniform_variable_has_the_variance_of_its_length_squared_over_12",
            "pages/test_variance_of_a_sum::test_the_variances_of_two_coins_add_and_multiply_only_if_both_means_are_0",
        ),
        (
            "Weights from U(±1/√d) and inputs of variance 1 give every unit the mean 0 and the variance 1/3, for "
            "every d.",
            "S0, S2",
            "right",
            "1/3",
            "variance_of_a_sum",
            ""
            "pages/test_variance_of_a_sum::test_the_standard_start_gives_z_the_mean_0_and_the_variance_a_third_for_every_number_of_inputs",
        ),
        (
            "That sum is normal.",
            "S0",
            "half right",
            "in the limit; the excess kurtosis falls as 2.4/d, and one input is far from normal",
            "variance_of_a_sum",
            "pages/test_variance_of_a_sum::test_the_excess_kurtosis_falls_as_2_4_over_the_number_of_inputs",
            "pages/test_variance_of_a_sum::test_one_input_is_not_normal_and_a_hundred_nearly_are",
        ),
        (
            "It falls outside ±4 with a very small probability.",
            "S0",
            "right",
            "4.3e-12 in the normal limit, 700,000 times more with a single input",
            "variance_of_a_sum",
            "pages/test_variance_of_a_sum::test_outside_4_lies_4e_minus_12_in_the_normal_limit_and_700000_times_more_with_one_input",
        ),
        (
            "So the variance does not depend on the number of layers.",
            "S2",
            "wrong",
            "only while every layer's input has variance 1. Stacked, a linear network keeps a third a layer, and "
            "the sigmoid's mean breaks the premise at layer 2",
            "variance_of_a_sum",
            ""
            "pages/test_variance_of_a_sum::test_a_linear_network_keeps_a_third_a_layer_so_its_variance_does_depend_on_the_number_of_layers",
            "pages/test_variance_of_a_sum::test_at_layer_2_of_a_sigmoid_network_only_the_mean_square_predicts_the_variance",
        ),
    ),
    *_claims(
        "Vanishing and exploding",
        (
            "Small Gaussian weights, std 0.01 to 0.1.",
            "Hinton 2010, section 8, for RBMs",
            "half right",
            "for the one layer of an RBM. A linear network of width 100 with std 0.01 is exactly zero in float32 at "
            "layer 45 or 46 (39 where denormals are flushed), and with std 1 it overflows at layer 38",
            "vanishing_exploding",
            "pages/test_vanishing_exploding::test_small_gaussian_weights_suit_the_one_layer_of_an_rbm_and_kill_fifty",
            "pages/test_vanishing_exploding::test_where_denormals_are_kept_std_001_is_exactly_zero_at_layer_45_or_46",
            ""
            "pages/test_vanishing_exploding::test_width_100_and_std_1_overflow_at_layer_38_forward_and_twelve_layers_from_the_input_backward",
        ),
        (
            "A good initialization: no activation saturated, no layer's activations zero.",
            "S3",
            "half right",
            "both are needed and not enough: the gradient may still explode",
            "vanishing_exploding",
            ""
            "pages/test_vanishing_exploding::test_no_saturated_and_no_zero_activations_sort_out_both_ends_and_leave_a_gradient_that_explodes",
            "pages/test_vanishing_exploding::test_one_over_root_width_passes_all_three_conditions_best",
        ),
        (
            "Too large explodes, too small vanishes.",
            "S3",
            "half right",
            "except where saturation turns the explosion into vanishing gradients: tanh explodes at 4 and vanishes at "
            "100",
            "vanishing_exploding",
            "pages/test_vanishing_exploding::test_tanh_explodes_at_four_and_vanishes_at_a_hundred_where_theory_explodes_at_both",
            ""
            "pages/test_vanishing_exploding::test_sigmoid_loses_the_gradient_below_a_std_of_about_one_and_then_explodes_and_then_vanishes",
        ),
    ),
    *_claims(
        "Xavier (Glorot)",
        (
            "The signal needs fan_in · Var w = 1, the gradient fan_out · Var w = 1; both cannot hold, and the "
            "compromise is Var w = 2/(fan_in + fan_out).",
            "Glorot and Bengio 2010",
            "right",
            "on a tapered network the two pull apart as the factors say",
            "xavier",
            "pages/test_xavier::test_the_signal_is_multiplied_by_fan_in_and_the_gradient_by_fan_out_times_var_w",
            ""
            "pages/test_xavier::test_xaviers_variance_is_two_over_the_sum_of_the_fans_and_solves_both_conditions_only_when_square",
            "pages/test_xavier::test_on_layers_that_are_not_square_signal_and_gradient_pull_apart_as_theory_says",
        ),
        (
            "Uniform bound √(6/(fan_in + fan_out)), normal std √(2/(fan_in + fan_out)), both times the gain.",
            "Glorot and Bengio 2010",
            "right",
            "as drawn",
            "xavier",
            "pages/test_xavier::test_xaviers_uniform_bound_and_normal_std_are_as_stated_and_the_gain_multiplies_both",
        ),
        (
            "The bound is sqrt(6/fan_in+fan_out).",
            "S2",
            "wrong",
            "the parentheses are missing: another number, that would saturate nearly every tanh unit",
            "xavier",
            "pages/test_xavier::test_a_blogs_sqrt_6_over_fan_in_plus_fan_out_without_parentheses_is_another_number",
            "pages/test_xavier::test_the_bound_typed_without_parentheses_would_saturate_about_98_of_100_tanh_units",
        ),
        (
            "The second of its code examples draws normal weights.",
            "S2",
            "wrong",
            "it calls xavier_uniform_ twice. The variances of the two are the same; the tails differ",
            "xavier",
            "pages/test_xavier::test_tails_tell_uniform_weights_from_normal_ones_of_the_same_std",
        ),
        (
            "A 1-1-3×3 convolution has fan_in and fan_out 9.",
            "S2, with PyTorch's fans",
            "right",
            "9 and 9",
            "xavier",
            "pages/test_xavier::test_a_3_by_3_convolution_from_1_to_1_channels_has_the_fans_9_and_9",
            "pages/test_todays_networks::test_a_kernels_fans_are_its_positions_times_its_channels",
        ),
        (
            "On tanh, Xavier's activations are smaller than the standard ones.",
            "S2",
            "wrong",
            "weights of three times the variance make them larger, at every layer",
            "xavier",
            "pages/test_xavier::test_xaviers_activations_are_larger_than_the_standard_ones_at_every_layer_and_not_smaller",
            "pages/test_xavier::test_all_four_comparisons_agree_with_theory_layer_by_layer",
        ),
        (
            "With the standard scheme the weight gradients' variance hardly depends on the layer.",
            "Glorot and Bengio 2010",
            "right",
            "the signal falls forward and the gradient backward, so the product is nearly level",
            "xavier",
            "pages/test_xavier::test_the_standard_schemes_weight_gradient_variance_hardly_depends_on_the_layer",
        ),
        (
            "Xavier is not for ReLU and not for sigmoid: the variance falls layer by layer.",
            "S1, S2",
            "right",
            "ReLU halves the second moment a layer: 9.8e-4 after 10, 8.9e-16 after 50. The sigmoid's total settles; "
            "the part that depends on the input falls by 0.056 a layer",
            "xavier",
            "pages/test_xavier::test_xavier_halves_relus_mean_square_at_every_layer",
            ""
            "pages/test_xavier::test_with_xavier_the_sigmoids_variance_falls_and_what_is_left_does_not_depend_on_the_input",
        ),
        (
            "With tanh, Xavier initialization keeps the activations' variance constant.",
            "Glorot and Bengio 2010, equation 10, for the linear regime",
            "half right",
            "outside the linear regime it falls as 1/(2·layer)",
            "xavier",
            "pages/test_xavier::test_with_tanh_xaviers_mean_square_falls_as_one_over_twice_the_layer",
            "pages/test_xavier::test_drawn_tanh_networks_follow_that_fall",
        ),
        (
            "Sigmoid needs weights 4 times wider.",
            "Bengio 2012, after Glorot and Bengio",
            "half right",
            "4 restores the slope of 1/4 at 0. It does not let deep sigmoid networks train: χ is 0.056 at σ_w² = 1 and "
            "0.399 at 16",
            "xavier",
            "pages/test_xavier::test_four_times_wider_weights_do_not_keep_a_deep_sigmoid_networks_gradient",
            "test_theory::test_the_4_for_sigmoid_does_not_bring_it_to_the_border",
        ),
        (
            "The recommended gain for tanh is 5/3.",
            "PyTorch, torch.nn.init.calculate_gain, which does not say what it preserves",
            "half right",
            "the variance settles, at 1.178, but with χ = 1.210 the gradient grows by a fifth a layer; the gain that "
            "preserves the variance exactly is 1.5925",
            "order_and_chaos",
            "pages/test_order_and_chaos::test_with_five_thirds_tanh_settles_at_1178_in_theory_and_in_drawn_networks",
            "test_theory::test_pytorch_gain_of_tanh_settles_in_chaos",
            "pages/test_xavier::test_the_gain_that_preserves_tanh_exactly_is_15925_and_not_five_thirds",
        ),
    ),
    *_claims(
        "He (Kaiming)",
        (
            "Half of the units are off, so divide Xavier by 2.",
            "S1",
            "wrong",
            "the wrong direction: the variance must be doubled. With half of Xavier's bound a square ReLU network "
            "loses a factor of 8 a layer",
            "he",
            "pages/test_he::test_the_wrong_bound_is_half_of_xaviers_and_falls_by_8_a_layer",
        ),
        (
            "For ReLU the weights' std is √(2/fan_in).",
            "He et al. 2015",
            "right",
            "JAX's he_normal draws a truncated normal of the same std",
            "he",
            "pages/test_he::test_he_is_a_normal_of_std_root_2_over_fan_in_or_a_uniform_of_bound_root_6_over_fan_in",
            "pages/test_he::test_jaxs_he_normal_is_a_truncated_normal_of_the_same_std",
        ),
        (
            "The gain for leaky ReLU is √(2/(1 + a²)).",
            "He et al. 2015, equation 15",
            "right",
            "1.4072 for a = 0.1. It takes the second moment, 0.505, and not the variance, 0.376: the mean is 0.359",
            "he",
            "pages/test_he::test_leaky_relu_of_slope_01_has_this_gain_mean_second_moment_and_variance",
        ),
        (
            "He initialization keeps the signal at every depth.",
            "He et al. 2015, equations 9 and 10",
            "half right",
            "on average over random initializations. For a single one, the variance of the logarithm grows as about "
            "5·depth/width",
            "he",
            "pages/test_he::test_he_keeps_the_mean_square_in_the_mean_over_draws_at_depth_50",
            "pages/test_he::test_a_single_draw_strays_median_028_and_eight_of_ten_from_0035_to_22",
            "pages/test_orthogonal_and_luck::test_400_networks_of_width_100_and_depth_50_follow_the_law",
            "pages/test_he::test_the_logarithms_variance_grows_as_about_5_depth_over_width",
        ),
        (
            "In a deep ReLU network different inputs become alike.",
            "Poole et al. 2016; Schoenholz et al. 2017",
            "right",
            "even where the signal keeps its size: the cosine of two orthogonal inputs through ReLU layers with He "
            "initialization is 0.318, 0.494, 0.736, 0.872, 0.948, 0.988, 0.996 "
            "after 1, 2, 5, 10, 20, 50, 100 layers",
            "order_and_chaos",
            "pages/test_order_and_chaos::test_two_orthogonal_inputs_become_one_through_he_relu",
            "pages/test_he::test_theory_brings_orthogonal_inputs_together_as_the_page_says",
            "pages/test_he::test_two_orthogonal_inputs_come_together_in_drawn_networks",
        ),
        (
            "A network can be trained up to a depth of about six ξ.",
            "Schoenholz et al. 2017",
            "half right",
            "near the critical line 30 tanh layers learn, far from it they do not. Where six ξ are 35 layers, 30 "
            "hardly learn in 400 steps of SGD",
            "order_and_chaos",
            "pages/test_order_and_chaos::test_depth_scales_of_tanh_at_bias_variance_005",
            "pages/test_order_and_chaos::test_thirty_layers_of_tanh_train_near_the_border_and_not_far_from_it",
        ),
        (
            "A 30-layer ReLU network learns with He initialization and stalls with Xavier's; one of 22 layers learns "
            "with both, sooner with He's.",
            "He et al. 2015, figures 2 and 3",
            "right",
            "the pattern comes out with fully connected networks of width 64, ten seeds each",
            "the_papers",
            "pages/test_the_papers::test_he_learns_in_most_seeds_and_is_ahead_of_xavier",
            "pages/test_the_papers::test_with_22_layers_xavier_gets_off_the_ground_too_later",
            "pages/test_the_papers::test_with_30_layers_xavier_learns_in_no_seed_and_most_have_not_moved",
        ),
    ),
    *_claims(
        "Frameworks, orthogonal weights, tuning",
        (
            "A linear layer is initialized by kaiming_uniform_ with a = √5.",
            "PyTorch, torch.nn.Linear; issue 15314 tells the history",
            "half right",
            "by its formula, but that is not He initialization: it is U(±1/√fan_in), of variance 1/(3·fan_in). A ReLU "
            "layer keeps a sixth, 1.7e-8 after 10; the biases keep the output from zero, not the signal",
            "he",
            "pages/test_he::test_every_other_start_is_he_times_a_power",
            "pages/test_he::test_pytorchs_biases_keep_the_output_from_zero_and_do_not_depend_on_the_input",
            "pages/test_todays_networks::test_a_relu_layer_keeps_half_with_flax_and_a_sixth_with_pytorch",
            "test_framework_defaults::test_pytorch_draws_what_the_table_says",
        ),
        (
            "Orthogonal weights are u of the SVD of a Gaussian matrix.",
            "S0",
            "half right",
            "right in spirit; Q of a QR with the signs of R's diagonal fixed is the uniform (Haar) one, and a linear "
            "network of them keeps every length",
            "orthogonal_and_luck",
            "pages/test_orthogonal_and_luck::test_u_of_the_svd_is_orthogonal_and_in_three_dimensions_not_uniform",
            "pages/test_orthogonal_and_luck::test_the_signs_of_r_make_the_mean_trace_0_and_its_variance_1",
            "pages/test_orthogonal_and_luck::test_a_product_of_orthogonal_matrices_has_only_the_singular_value_1",
            "test_initializers::test_a_square_orthogonal_draw_is_an_isometry",
        ),
        (
            "Learning time grows with depth from Gaussian weights and not from orthogonal ones.",
            "Saxe, McClelland and Ganguli 2014, figure 6",
            "right",
            "105, 92.5, 85 steps at 5, 10, 20 layers against 110, 160, none within 300",
            "the_papers",
            "pages/test_the_papers::test_learning_time_grows_with_depth_from_gaussian_weights_and_not_from_orthogonal_ones",
        ),
        (
            "From the standard initialization tanh layers saturate one after the other, the first layer first.",
            "Glorot and Bengio 2010, figure 3",
            "right",
            "at the end 60 %, 1 % and 0 % of the units of the first three layers are saturated",
            "the_papers",
            "pages/test_the_papers::test_tanh_layers_saturate_one_after_the_other_the_first_layer_first",
        ),
        (
            "With SELU and LeCun's weights activations are drawn to mean 0 and variance 1 at every depth.",
            "Klambauer et al. 2017, theorem 1",
            "right",
            "in theory and measured; the gradient's variance grows by 7 % a layer",
            "the_papers",
            "test_theory::test_selu_settles_at_mean_0_and_second_moment_1",
            "pages/test_the_papers::test_selu_keeps_std_1_at_every_depth_and_its_gradient_grows_by_7_percent_a_layer",
        ),
        (
            "The normalized initialization has the smaller error on Shapeset with tanh.",
            "Glorot and Bengio 2010, table 1",
            "not reproduced",
            "both end alike here, with 10,000 images, one learning rate and a fraction of the updates. The gradients "
            "before training differ as their figure 7 says",
            "the_papers",
            "pages/test_the_papers::test_the_errors_of_tanh_networks_do_not_differ_by_start_as_in_table_1",
            "pages/test_the_papers::test_before_training_the_gradient_shrinks_much_more_from_the_standard_start",
        ),
        (
            "The batch size should be a power of two.",
            "S3",
            "not reproduced",
            "on one CPU, 32 is no better in loss than its neighbours, which are no powers of two",
            "tuning",
            "pages/test_tuning::test_thirty_two_differs_from_its_neighbours_by_far_less_than_its_seeds_do",
        ),
        (
            "With the batch, multiply the learning rate.",
            "Goyal et al. 2017, the linear scaling rule",
            "right",
            "from batches of 8 to 256 the loss after as many examples is then the same, within what seeds do",
            "tuning",
            "pages/test_tuning::test_with_a_rate_in_proportion_to_the_batch_the_difference_is_gone_from_8_to_256",
        ),
        (
            "Random search beats a grid where few settings matter.",
            "Bergstra and Bengio 2012",
            "right",
            "nine random points come nearer to the best value of the one setting that matters than a grid of nine",
            "tuning",
            ""
            "pages/test_tuning::test_where_one_setting_matters_a_grid_of_nine_misses_by_a_twelfth_and_random_points_by_less",
        ),
        (
            "Bayesian optimization with a Gaussian process does better than either.",
            "S3",
            "half right",
            "on one problem with two settings and twelve runs each: lowest in the median of 50 repeats, and below "
            "random search in most of them, not in all",
            "tuning",
            ""
            "pages/test_tuning::test_bayesian_optimization_ends_lowest_in_the_median_and_below_random_search_in_most_repeats",
            "pages/test_tuning::test_bayesian_optimization_is_no_guarantee_but_fails_less_often_than_random_search",
        ),
    ),
    *_claims(
        "Orthogonal weights and luck",
        (
            "The spread of a ReLU network's size over random initializations is set by the sum of 1/width over its "
            "layers.",
            "Hanin 2018",
            "right",
            "networks of unequal widths stray as the sum says",
            "orthogonal_and_luck",
            "test_luck::test_with_unequal_widths_the_sum_of_their_reciprocals_counts",
        ),
        (
            "ReLU networks cannot be dynamical isometries.",
            "Pennington, Schoenholz and Ganguli 2017",
            "half right",
            "for independent weights, normal or orthogonal, as they prove it. Mirrored weights (Balduzzi et al. 2017; "
            "Burkholz and Dubatovka 2019) keep all singular values at 1",
            "orthogonal_and_luck",
            "test_products::test_relu_flattens_half_of_all_directions_and_orthogonal_weights_do_not_help",
            "test_products::test_mirrored_weights_make_relu_layers_an_isometry",
        ),
        (
            "Dividing weights by the measured std of a layer's preactivations (LSUV) brings every layer to variance 1.",
            "Mishkin and Matas 2016, algorithm 1",
            "right",
            "with every activation. It measures the signal alone: fifty tanh layers still multiply the gradient's "
            "variance a thousandfold",
            "orthogonal_and_luck",
            "test_lsuv::test_every_layer_has_variance_1_with_every_activation",
            "pages/test_orthogonal_and_luck::test_lsuv_leaves_tanhs_gradient_growing_a_thousandfold",
        ),
    ),
    *_claims(
        "Training and the learning rate",
        (
            "A chain of linear units takes a time to learn that grows exponentially with its depth.",
            "Shamir 2019",
            "right",
            "below weights of 1, each layer more multiplies the wait by one over the weight",
            "training",
            "pages/test_training::test_each_layer_more_multiplies_the_wait_by_one_over_the_weight",
        ),
        (
            "Xavier initialization suits tanh, He initialization ReLU.",
            "Glorot and Bengio 2010; He et al. 2015",
            "right",
            "at 15 and 20 ReLU layers He's ends below Xavier's in at least nine of ten seeds; with tanh it is the "
            "other way round",
            "training",
            "pages/test_training::test_he_ends_below_xavier_in_at_least_nine_of_ten_seeds_at_fifteen_and_at_twenty_layers",
            "pages/test_training::test_with_tanh_xavier_and_orthogonal_weights_end_below_he",
        ),
        (
            "Behind a normalization, weights times a and a learning rate times a² are the same training.",
            "van Laarhoven 2017",
            "right",
            "for SGD: the outputs agree before and after a step",
            "start_or_learning_rate",
            "pages/test_start_or_learning_rate::test_normalized_weights_times_a_and_rate_times_a_squared_are_one_network_before_and_after_a_step",
        ),
        (
            "The gradient of scale-invariant weights is at right angles to them, so their length can only grow.",
            "Arora, Li and Lyu 2019",
            "right",
            "with plain gradient descent, without weight decay",
            "start_or_learning_rate",
            "pages/test_start_or_learning_rate::test_gradients_of_normalized_weights_stand_at_right_angles_to_them",
        ),
        (
            "Adam's steps are about as long as its learning rate, whatever the size of the gradient.",
            "Kingma and Ba 2015, section 2.1",
            "half right",
            "down to ε: a gradient of 1e-11 gets a thousandth of a step",
            "start_or_learning_rate",
            "pages/test_start_or_learning_rate::test_adams_first_steps_are_as_long_as_the_learning_rate_down_to_its_epsilon",
        ),
    ),
    *_claims(
        "Width",
        (
            "In the standard parametrization the best learning rate moves with the width; in μP it stays.",
            "Yang et al. 2022",
            "right",
            "with Adam, from width 32 to 512, about as the width; with SGD less, at the widths that ran here",
            "width",
            "pages/test_width::test_with_adam_the_best_rate_falls_as_the_width_grows_in_five_of_six_sets_of_seeds_and_stays_in_mup",
            "pages/test_width::test_with_sgd_the_best_rate_falls_less_than_with_adam_in_four_sets_of_seeds",
        ),
        (
            "With μP a step changes the activations of every layer by as much at any width.",
            "Yang and Hu 2021",
            "right",
            "powers of 0 for SGD and Adam, widths to 1,024; the standard parametrization has −1/2, 1/2 and 1 with SGD",
            "width",
            "pages/test_width::test_a_step_changes_each_layer_by_theorys_power_of_the_width_within_five_standard_errors",
        ),
        (
            "A large output scale makes training lazy: the weights hardly move, and the network stays linear in them.",
            "Chizat, Oyallon and Bach 2019",
            "right",
            "at the same loss a small scale has moved more than 20 times as far, and does better on other examples",
            "width",
            "pages/test_width::test_at_the_same_loss_the_rich_network_has_moved_farther_turned_to_the_direction_and_generalizes_better",
            "pages/test_width::test_a_lazy_network_follows_the_theory_of_one_that_is_linear",
        ),
        (
            "Gradient descent on all examples drives the sharpness up to 2/η, where it stays.",
            "Cohen et al. 2021",
            "half right",
            "from a small output scale; a lazy network keeps the sharpness with which it began",
            "width",
            "pages/test_width::test_the_rich_networks_sharpness_rises_to_the_edge_and_the_lazy_ones_stays",
        ),
    ),
    *_claims(
        "Today's networks",
        (
            "Residual layers times 1/√N keep N of them bounded.",
            "Radford et al. 2019",
            "half right",
            "for branches of mean 0, which then multiply the mean square by less than e. The branch of "
            "h + relu(hW) has a positive mean, and the terms 2E[h·relu(hW)] add up: 18 of them grow about 80-fold with "
            "a gain of 1/√18, and 2.3-fold with 1/18",
            "start_or_learning_rate",
            "test_blocks::test_18_branches_with_a_mean_need_one_over_their_number_and_those_without_its_root",
            "test_theory_blocks::test_branches_scaled_by_1_over_root_depth_stay_below_a_power_of_e",
        ),
        (
            "A residual network may start with the last weights (or scales) of every branch at zero.",
            "Goyal et al. 2017; Zhang, Dauphin and Ma 2019 (Fixup)",
            "right",
            "signal and gradient pass unchanged; the first weights of a branch get no gradient before the last ones "
            "have moved",
            "todays_networks",
            "test_theory_blocks::test_branches_that_start_at_zero_change_nothing_and_leave_the_first_weights_without_a_gradient",
        ),
        (
            "Batch normalization makes the gradients of a plain deep network explode, whatever the gain.",
            "Yang et al. 2019",
            "right",
            "π/(π − 1) = 1.467 a ReLU layer; layer normalization does not",
            "todays_networks",
            "test_theory_blocks::test_batch_normalization_multiplies_relus_gradient_by_pi_over_pi_minus_1_and_layer_normalization_keeps_it",
            "test_theory_blocks::test_batch_normalized_relu_networks_explode_by_the_predicted_factor_at_every_gain",
        ),
        (
            "Normalized residual branches add the same amount each, so that branch l has a share of about 1/l.",
            "De and Smith 2020",
            "right",
            "so the mean square grows as 1 + l: slowly, and not within bounds",
            "todays_networks",
            "test_theory_blocks::test_normalized_residual_blocks_add_the_same_amount_each",
        ),
        (
            "Delta-orthogonal kernels make deep linear convolutions isometries.",
            "Xiao et al. 2018",
            "right",
            "fifty layers keep every length; other kernels do not",
            "todays_networks",
            "test_convolution::test_fifty_delta_orthogonal_layers_keep_every_length_and_other_kernels_do_not",
        ),
        (
            "In half precision small gradients are rounded to zero, and a factor on the loss brings them back.",
            "Micikevicius et al. 2018",
            "right",
            "with too large a factor they overflow: float16 ends at 65504, which 15-bit pixels pass in the first layer",
            "todays_networks",
            "test_precision::test_a_loss_scale_brings_float16s_gradients_back",
            "test_precision::test_too_large_a_loss_scale_overflows_backward",
            "test_mistakes::test_float16_cannot_hold_the_first_layer_of_fifteen_bit_pixels",
        ),
    ),
    *_claims(
        "Mistakes in code",
        (
            "weights.normal_(std) draws weights of this std.",
            "the name suggests it; PyTorch, torch.Tensor.normal_(mean=0, std=1)",
            "wrong",
            "its first argument is the mean: the weights get the mean std and the standard deviation 1",
            "whats_wrong",
            "test_mistakes::test_normal_with_one_argument_takes_the_std_for_the_mean_and_1_for_the_std",
            "pages/test_whats_wrong::test_every_patient_has_its_finding_and_is_healthy_when_fixed",
        ),
        (
            "The fan_in of a weight matrix is shape[1].",
            "PyTorch, torch.nn.init, for its weights (out, in)",
            "half right",
            "where weights are (in, out), as in Keras and JAX, it is the fan_out: a layer is off by the ratio of both, "
            "and right if it is square",
            "whats_wrong",
            "test_mistakes::test_fan_out_for_fan_in_cannot_be_seen_in_square_layers",
            "pages/test_whats_wrong::test_fan_out_for_fan_in_makes_it_twice_their_ratio",
        ),
        (
            "Biases that do not start at zero are a fault.",
            "Nikanjam et al. 2021 (NeuraLint)",
            "half right",
            "biases of the weights' std hardly matter: they add 2/n a layer, × 1.16 after 20 layers of 128 ReLU units. "
            "Biases of −1 silence units",
            "whats_wrong",
            "pages/test_whats_wrong::test_biases_with_the_weights_std_add_two_nths_a_layer",
            "pages/test_whats_wrong::test_biases_with_the_weights_std_are_called_healthy",
            "pages/test_whats_wrong::test_every_patient_has_its_finding_and_is_healthy_when_fixed",
        ),
        (
            "A key that is used twice gives the same numbers twice.",
            "JAX's documentation, *Pseudorandom numbers*",
            "right",
            "one key for all layers gives layers of one shape the same weights, and no curve shows it",
            "whats_wrong",
            "test_mistakes::test_with_one_key_all_square_layers_have_the_same_weights",
            "pages/test_whats_wrong::test_the_patient_with_one_key_has_every_curve_in_its_band",
        ),
    ),
)


def appendix() -> str:
    """Write the table as a page in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Which claims of the literature are so?"
    yield ""
    yield (
        "Claims about initialization that this course has measured, right or wrong, each with a source that can be "
        "checked. The tests of the course assert each row."
    )
    yield ""
    yield from (f"- **{verdict}**: {meaning}." for verdict, meaning in VERDICTS.items())
    yield ""
    yield "Papers are cited in full on the page that a row links. Four introductory articles have short names:"
    yield ""
    yield from (f"- **{name}**: {article}." for name, article in ARTICLES.items())
    for topic in dict.fromkeys(claim.topic for claim in CLAIMS):
        yield from ("", f"## {topic}", "", "| claim | who says it | verdict | what is so | page |")
        yield "| --- | --- | --- | --- | --- |"
        yield from (_row(claim) for claim in CLAIMS if claim.topic == topic)


def _row(claim: Claim) -> str:
    page = f"[{claim.page}]({notebooks()[claim.page]}.ipynb)"
    return f"| {claim.text} | {claim.source} | **{claim.verdict}** | {claim.what_is_so} | {page} |"


if __name__ == "__main__":
    APPENDIX.write_text(appendix(), encoding="utf-8")
