"""The parts of scripts/bench: laboratory, measuring, contenders, and one module for each group of cases."""
