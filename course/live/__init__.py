"""What makes a picture live: controls, a declared picture that is updated in place, a screen in the page, a sentence.

Nothing here knows of networks, of theory or of a page.
"""
