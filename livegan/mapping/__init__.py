"""Numbers in, a FramePlan out: curves, followers, routes, motion models."""
