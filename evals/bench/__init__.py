"""Speed and memory beside a known peer, on the same input in the same run. Not tests: machines differ, ratios less."""
