"""Small language models in training: the text, its two easy losses, and runs that are what they would be alone."""

import math

import numpy as np
import pytest

from course import data
from course.data import text as source
from course.training.text import TextSetup, TextTraining, TextTrial, draw_model, text_losses

SMALL = TextSetup(blocks=1, width=16, heads=2, positions=8, batch=4)


def test_the_text_is_english_of_the_alphabet():
    text = data.english()
    assert len(text) > 200_000
    assert set(text) <= set(data.ALPHABET)
    assert text.count(" the ") > 1000
    tokens = data.as_tokens(text[:500])
    assert "".join(data.ALPHABET[token] for token in tokens) == text[:500]
    with pytest.raises(ValueError, match="ALPHABET"):
        data.as_tokens("naïve")


def test_docstrings_take_the_place_of_topics_that_are_missing(monkeypatch):
    monkeypatch.setattr(source, "_topics", list)
    monkeypatch.setattr(source, "_ENOUGH", 20_000)
    text = source.english.__wrapped__()
    assert len(text) > 20_000
    assert text.count(" the ") > 100


def test_the_last_character_says_something_of_the_next():
    guessing, pairs = text_losses()
    assert math.log(len(data.ALPHABET)) > guessing > 3 > pairs > 2


@pytest.mark.parametrize(("std", "expected"), [(0.02, 0.02), ("1/√n", 0.25)])
def test_matrices_are_drawn_with_the_std_that_is_asked_for(std, expected):
    model = draw_model(SMALL, TextTrial(std=std, embedding_std=1.0))
    size = model.blocks.queries.size
    assert math.isclose(np.std(model.blocks.queries), expected, rel_tol=5 / math.sqrt(2 * size))
    assert math.isclose(np.std(model.embeddings), 1, rel_tol=5 / math.sqrt(2 * model.embeddings.size))
    zero = draw_model(SMALL, TextTrial(scaling="zero"))
    assert not zero.blocks.down.any()
    assert not zero.blocks.mixed.any()
    assert zero.blocks.up.any()
    assert not draw_model(SMALL, TextTrial(scaling="rezero")).gates.any()


def test_runs_side_by_side_are_what_they_are_alone_and_learn():
    trials = [
        TextTrial(learning_rate=0.01, embedding_std=0.25),
        TextTrial("post-LN", "deepnorm", learning_rate=0.01, warmup=10, embedding_std=0.25, seed=1),
        TextTrial("no LN", "rezero", learning_rate=0.01, embedding_std=0.25),
    ]
    together = TextTraining(trials, SMALL, steps=12, records=3).run()
    assert together.losses.shape == (4, 3)
    assert np.all(together.losses[-1] < together.losses[0])
    assert np.all(together.diverged_at == -1)
    alone = TextTraining(trials[1:2], SMALL, steps=12, records=3).run()
    np.testing.assert_allclose(alone.losses[:, 0], together.losses[:, 1], rtol=2e-3)


def test_a_run_of_numbers_that_are_too_large_has_diverged_and_the_others_go_on():
    trials = [TextTrial("no LN", std=1e30, learning_rate=0.01), TextTrial(learning_rate=0.01)]
    history = TextTraining(trials, SMALL, steps=4, records=2).run()
    assert history.diverged_at[0] == 0
    assert np.all(np.isnan(history.losses[:, 0]))
    assert np.all(np.isfinite(history.losses[:, 1]))


@pytest.mark.parametrize(("name", "value"), [("kind", "mid-LN"), ("scaling", "half")])
def test_a_trial_that_there_is_not_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name} is '{value}'"):
        TextTraining([TextTrial(**{name: value})])
