"""What belongs to the page todays_networks: its exercises, and its scenes."""
