"""What belongs to the page sigmoid_saturation: its exercises, and its scenes."""
