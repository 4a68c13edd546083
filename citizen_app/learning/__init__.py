"""What is learnt at a workplace: focus points, ready steps and closing words."""
