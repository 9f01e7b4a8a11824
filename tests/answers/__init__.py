"""Ways to be right besides the pages' own solutions: `<topic>.RIGHT`, lists by the number of the exercise on its page.

What is handed to `check` is one answer, or a tuple of several. Wrong answers are with the exercises, a mistake each.
"""
