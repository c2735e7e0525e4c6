/**
 * JSON merge patch (RFC 7396): a delta turns one scene into the next. A null removes a key, an object merges, anything
 * else replaces. The target is never changed, and what the patch does not name is shared, so a view can compare by identity.
 */

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} target
 * @param {unknown} patch
 * @returns {any}
 */
export function merge(target, patch) {
  if (!isObject(patch)) return patch;
  const result = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
