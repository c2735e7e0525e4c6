/**
 * A key and parameters become a sentence. A missing key falls back to English, then to the key itself, so that a gap is seen.
 * @param {Record<string, string>} catalogue
 * @param {Record<string, string>} [fallback]
 * @returns {import('../types').Translate}
 */
export function translator(catalogue, fallback = {}) {
  return (key, params = {}) => (catalogue[key] ?? fallback[key] ?? key)
    .replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

/** The first of `keys` that the catalogue has. @param {import('../types').Translate} t @param {string[]} keys @param {Record<string, unknown>} [params] */
export function firstOf(t, keys, params) {
  for (const key of keys) {
    const text = t(key, params);
    if (text !== key) return text;
  }
  return '';
}
