"""What belongs to the page lab: its exercises."""
