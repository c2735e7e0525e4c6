"""JSON merge patches (RFC 7396): what changes from one scene to another, and how to apply it.

The browser has the same two functions; tests/fixtures/merge.json is what both must agree on. Scenes contain no null
and keep things that change in objects keyed by id, which is what makes a merge patch exact: a patch cannot say
"null", and replaces an array whole.
"""

from __future__ import annotations

from typing import Any


def diff(before: Any, after: Any) -> Any:
    """The patch that turns `before` into `after`; both objects: only what differs, else `after` itself."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    patch: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key not in before:
            patch[key] = value
            continue
        old = before[key]
        if old is value:
            continue
        if isinstance(old, dict) and isinstance(value, dict):
            inner = diff(old, value)
            if inner:
                patch[key] = inner
        elif old != value or type(old) is not type(value):
            patch[key] = value
    return patch


def apply_patch(target: Any, patch: Any) -> Any:
    """`target` after `patch`; neither is changed (RFC 7396, section 2)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = apply_patch(result.get(key), value)
    return result
