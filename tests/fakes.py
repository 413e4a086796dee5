"""Stand-ins for the outside, each run through the same contract suite as the real thing."""
