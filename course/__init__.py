"""How should a deep network's weights start? The machinery behind the pages, one module a concern.

- `activations`: the table of activation functions, in JAX and in NumPy.
- `distributions`: the table of ways to spread weights, each with all that draws it.
- `initializers`: the table of schemes; `fans`, and `draw` for weights of a scheme.
- `theory`: what mathematics predicts of signals and gradients, without a network: gain, variances, chi.
- `networks`: the forward pass of a fully connected network, with normalization and residual connections if wanted.
- `data`: handwritten digits, generated images of Shapeset-3×2, and generated points.
- `probes`: draws a network, runs it forward and backward, and measures every layer: `measure`.
- `training`: many training runs at once, on all devices, with every layer's statistics along the way: `Training`.
- `tuning`: ways to search for the best settings: a grid, random points, Bayesian optimization.
- `mistakes`: published mistakes, what was written and what was meant, as networks to diagnose.
- `diagnosis`: somebody's own network, judged layer by layer, with a reason and a remedy: `diagnose`.
- `style`: every colour, marker and size of the pictures.
- `diagrams`: small drawings of a layer and of the two passes.
- `live`: controls, a picture that is declared once and updated in place, a screen in the page, a sentence.
- `explorers`: controls wired to probe, theory and picture: the live pictures of the pages.
- `exercises`: judges of a reader's answer that know the usual mistakes by name: `check`.
- `blas`: one thread for decompositions of small matrices.
- `cells`: what a cell of a notebook has made is closed when it is run again.
- `compilation_cache`: programs that JAX has compiled are kept on this machine.
- `pages`: everything of a page that is not its notebook: its exercises, and scenes to show in front of a class.
- `handouts`: the pages for students, for nbgrader, on paper and as a site: `python -m course.handouts`.

Theory and measurement know nothing of each other; they meet in explorers, pages and tests.
To read the code, begin with `probes`, then `theory`, then `explorers.main`.
"""
