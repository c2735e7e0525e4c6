"""vmviz teaches hardware virtualization by running it: a deterministic processor with VMX, recorded and drawn.

The packages import one way: events and spec know nothing of the rest; machine stands on them; asm and systems on the
machine; recording, lessons and web above. A test reads the imports and enforces it.
"""

__version__ = "0.1.0"
