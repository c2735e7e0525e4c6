"""The instructions, one small function each; `registry` has the table they fill."""
