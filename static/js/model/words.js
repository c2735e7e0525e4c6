/**
 * Sentences by key: plural forms and numbers as the language has them, by `Intl`. vmviz/web/i18n.py makes those of the server's pages by
 * the same rules.
 *
 * A sentence that depends on a number is written once for each plural form of the language, as `key#one`, `key#other` and so on; {count}
 * chooses. Amounts are written as the language writes numbers. What names a place (a step, a reason, an address) stays as it is in
 * the address of the page and in the manual: "1.234" must not mean step 1234 in one language and phase 234 in another.
 */

/**
 * Right to left: a value ("mov eax, [rbx]", "guest RIP", a title) is isolated (FSI, PDI), so that it keeps an order of its own between the
 * words. A plain word ("VM A") and a list of values are part of their sentence. A sentence that begins with a name ("VMCS") says by a mark (RLM) which way it runs.
 */
const RIGHT_TO_LEFT = /\p{Script=Arabic}|\p{Script=Hebrew}/u;
const WORD = /^[a-z]\w*$/i;
const AMOUNTS = new Set(['count', 'done', 'length', 'limit']);

/**
 * A key and parameters become a sentence; a key without a sentence stays as it is, so that a gap is seen.
 * @param {Record<string, string>} catalogue @param {string} [lang]
 * @returns {import('../types').Translate}
 */
export function translator(catalogue, lang = 'en') {
  // European digits in every language, as in hexadecimal and in the address.
  const numbers = once(() => new Intl.NumberFormat(lang, { numberingSystem: 'latn', useGrouping: 'always' }));
  const plurals = once(() => new Intl.PluralRules(lang));
  const rightToLeft = catalogue['language.direction'] === 'rtl';
  // Below a thousand there is nothing to group, and the rules of the language need not be loaded.
  const number = (/** @type {number} */ value) => (Number.isInteger(value) && value >= 0 && value < 1000 ? String(value) : numbers().format(value));

  /** @param {string} name @param {unknown} value */
  const shown = (name, value) => {
    if (typeof value === 'number' && AMOUNTS.has(name)) return number(value);
    return rightToLeft && name !== 'list' && !WORD.test(String(value)) ? `\u2068${value}\u2069` : String(value);
  };
  /** @param {string} key @param {Record<string, unknown>} [params] */
  const t = (key, params = {}) => {
    const { count } = params;
    const form = typeof count === 'number' ? catalogue[`${key}#${plurals().select(count)}`] ?? catalogue[`${key}#other`] : undefined;
    const sentence = form ?? catalogue[key] ?? key;
    return (rightToLeft && RIGHT_TO_LEFT.test(sentence) ? `\u200f${sentence}` : sentence).replace(/\{(\w+)\}/g, (whole, name) => (name in params ? shown(name, params[name]) : whole));
  };
  return Object.assign(t, { number });
}

/** Made when it is first needed: rules of a language cost a browser tens of milliseconds. @template T @param {() => T} make @returns {() => T} */
function once(make) {
  /** @type {T | undefined} */
  let made;
  return () => (made ??= make());
}

/** The first of `keys` that the catalogue has. @param {import('../types').Translate} t @param {string[]} keys @param {Record<string, unknown>} [params] */
export function firstOf(t, keys, params) {
  for (const key of keys) {
    const text = t(key, params);
    if (text !== key) return text;
  }
  return '';
}
