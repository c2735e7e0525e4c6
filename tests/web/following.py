"""Positions as they travel, and what a page does with what it receives."""

from __future__ import annotations

import json
import re

from vmviz.recording import apply_patch

START = {"step": 0, "phase": 0}


def at(step, phase=0):
    return {"step": step, "phase": phase}


def boot(page):
    """What a page's script starts from."""
    found = re.search(r'<script type="application/json" id="vmviz-boot">(.*?)</script>', page.text, re.DOTALL)
    return json.loads(found[1])


def follow(client, opened):
    """Apply everything that was received to the first snapshot, as a page does; the position and scene at the end."""
    position, scene = opened["snapshot"]["position"], opened["snapshot"]["scene"]
    for event, payload in list(client.received):
        if event == "snapshot":
            position, scene = payload["position"], payload["scene"]
        elif event == "frame":
            assert payload["from"] == position
            position, scene = payload["position"], apply_patch(scene, payload["delta"])
    return position, scene
