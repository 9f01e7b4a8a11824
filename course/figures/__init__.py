"""Pictures that are drawn once and updated in place: plain arrays in, image bytes and a sentence out.

One file a phenomenon; `canvas` keeps the background and encodes the image. Figures know nothing of JAX, of
widgets, or of where their numbers come from.
"""
