"""What belongs to the page variance_of_a_sum: its exercises, and its scenes."""
