/**
 * What an explanation says: its words, the value of the thing here and now taken apart into bits, and where in the recording it happens.
 * @typedef {{name: string, text: string, volume: number, section: string, seen?: string}} Entry
 * @typedef {{lang: string, words: Record<string, string>, entries: Record<string, Entry>, values: Record<string, string>, layouts: Record<string, [string, string][]>,
 *   layout_of: Record<string, string>, qualifications: Record<string, string>, pages: Record<string, string>}} Reference
 * @typedef {{key: string, bits: string, name: string, text: string, value: string}} Bit
 * @typedef {{set: Bit[], clear: Bit[], reserved: string[]}} Decoded
 */
import { fieldLabel, fieldValue, registerLabel } from './format.js';
import { processorOf } from './selectors.js';
import { reasonName } from './sentences.js';

/** Registers of several parts: the part that stands for all of them. @type {Record<string, string>} */
const PARTS = { gdtr: 'gdtr_base', idtr: 'idtr_base', ...Object.fromEntries(['cs', 'ss', 'ds', 'es', 'fs', 'gs', 'tr', 'ldtr'].map((name) => [name, `${name}_selector`])) };

/**
 * The value behind a key at this position: of a field in the VMCS `of`, of a register; null for what has none.
 * @param {string} key @param {string | undefined} of @param {import('../types').Scene | null} scene
 * @returns {{hex: string, shown: string, slot: string, label: string} | null}
 */
export function valueOf(key, of, scene) {
  const [kind, name] = [key.slice(0, key.indexOf('.')), key.slice(key.indexOf('.') + 1)];
  if (!scene) return null;
  if (kind === 'field') {
    const hex = of && scene.vmcs[of]?.fields[name];
    return hex ? { hex, shown: fieldValue(name, hex), slot: `vmcs:${of}:${name}`, label: fieldLabel(name) } : null;
  }
  if (kind !== 'register') return null;
  const slot = PARTS[name] ?? name;
  const hex = processorOf(scene).registers[slot];
  return hex === undefined ? null : { hex, shown: hex, slot, label: registerLabel(slot) };
}

/** Which layout takes the value behind a key apart, and that value; null when it is one number. @param {Reference} reference @param {string} key @param {string | undefined} of @param {import('../types').Scene | null} scene */
export function layoutFor({ layout_of: layouts, qualifications }, key, of, scene) {
  const name = key.slice(key.indexOf('.') + 1);
  const value = valueOf(key, of, scene);
  if (!value || !scene) return null;
  if (key.startsWith('register.')) {
    const rights = processorOf(scene).registers[`${name}_rights`];
    if (rights !== undefined) return { layout: 'access_rights', hex: rights, slot: `${name}_rights` };
  }
  const fields = (of && scene.vmcs[of]?.fields) || {};
  const layout = name === 'exit_qualification' ? ofQualification(qualifications, fields) : layouts[name];
  return layout ? { layout, hex: value.hex, slot: value.slot } : null;
}

/** The exit qualification goes by the reason; that of an exception by its vector. @param {Record<string, string>} qualifications @param {Record<string, string>} fields */
function ofQualification(qualifications, fields) {
  const reason = parseInt(fields.exit_reason ?? '0', 16) & 0xffff;
  const information = parseInt(fields.exit_interruption_info ?? '0', 16);
  if (reason === 0) return information >>> 31 && (information & 0xff) === 1 ? 'debug_qualification' : '';
  return qualifications[reason] ?? '';
}

/** A value by its layout: the bits that are set, with ranges and what they hold, and those that are clear. @param {Reference} reference @param {string} layout @param {string} hex @returns {Decoded} */
export function decode(reference, layout, hex) {
  const { entries, layouts } = reference;
  const value = BigInt(`0x${hex || '0'}`);
  /** @type {Decoded} */
  const decoded = { set: [], clear: [], reserved: [] };
  for (const [bits, key] of layouts[layout] ?? []) {
    if (bits.startsWith('value ')) {
      if (value === BigInt(bits.slice(6))) decoded.set.push(bit(entries[key], key, '', ''));
      continue;
    }
    const [high, low = high] = bits.split(':').map(Number);
    const held = (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
    if (!key) {
      if (held) decoded.reserved.push(bits);
      continue;
    }
    const named = nameOf(reference, key, held, value);
    const shown = high === low ? '' : named || (key.endsWith('_address') ? held << BigInt(low) : held).toString(16);
    (held || named ? decoded.set : decoded.clear).push(bit(entries[key], key, bits, shown));
  }
  return decoded;
}

/** Types of interruption information that are exceptions, or an NMI: their vectors have names. */
const EXCEPTIONS = [2n, 3n, 5n, 6n];

/** What a range of bits holds, where it has a name. @param {Reference} reference @param {string} key @param {bigint} held @param {bigint} value  the whole that it is part of */
function nameOf({ entries, layouts, values }, key, held, value) {
  if (key === 'bit.exit_reason.basic_reason') return String(held);
  if (key === 'bit.interruption_info.vector' && EXCEPTIONS.includes((value >> 8n) & 7n)) {
    const exception = layouts.exceptions?.find(([bits]) => bits === String(held));
    if (exception) return `${held} ${entries[exception[1]].name}`;
  }
  return values[`${key}.${held}`] ?? '';
}

/** The mask of a range of bits such as "7" or "3:0", in hexadecimal. @param {string} bits */
export function maskOf(bits) {
  const [high, low = high] = bits.split(':').map(Number);
  return (((1n << BigInt(high - low + 1)) - 1n) << BigInt(low)).toString(16);
}

/** @param {Entry} entry @param {string} key @param {string} bits @param {string} value @returns {Bit} */
function bit({ name, text }, key, bits, value) {
  return { key, bits, name, text, value };
}

/** The explanation of what a value names by its number: the exit reason, the VM-instruction error; '' when there is none. @param {Reference} reference @param {string} key @param {string} hex */
export function namedBy({ entries }, key, hex) {
  const kind = /** @type {Record<string, string>} */ ({ 'field.exit_reason': 'exit', 'field.vm_instruction_error': 'error' })[key];
  const other = `${kind}.${parseInt(hex, 16) & 0xffff}`;
  return kind && other in entries ? other : '';
}

/**
 * Where the reference has a page about a key, below the path of the app, in the language and theme of this page's address; '' when it has none.
 * @param {Reference} reference @param {string} key @param {string} prefix @param {string} query of this page's address
 */
export function pageOf({ pages }, key, prefix, query) {
  const dot = key.indexOf('.');
  const page = pages[key.slice(0, dot)];
  if (!page) return '';
  return `${withQuery(`${prefix}${page}`, query)}#${encodeURIComponent(key.slice(dot + 1))}`;
}

/** The address of a page around the lessons in the language and theme of this page's address. @param {string} page @param {string} query of this page's address */
export function withQuery(page, query) {
  const kept = new URLSearchParams([...new URLSearchParams(query)].filter(([name]) => name === 'lang' || name === 'theme'));
  return `${page}${kept.size ? `?${kept}` : ''}`;
}

/** What the page calls a thing: exit reasons as everywhere on it, the rest by the name in the reference. @param {Reference} reference @param {string} key @param {import('../types').Translate} t */
export function titleOf({ entries }, key, t) {
  const [kind, id] = key.split('.');
  return kind === 'exit' || kind === 'error' ? `${id} · ${kind === 'exit' ? reasonName(t, Number(id)) : entries[key].name}` : entries[key].name;
}

/**
 * The next step in which it happens, after this position; the first one when none comes any more; null when it never does.
 * @param {string | undefined} seen @param {import('../types').Outline} outline @param {import('../types').Position} position
 */
export function nextSeen(seen, outline, position) {
  const steps = stepsOf(seen, outline);
  return steps.find((step) => step > position.step) ?? steps.find((step) => step !== position.step) ?? null;
}

/** @param {string | undefined} seen @param {import('../types').Outline} outline @returns {number[]} */
function stepsOf(seen, { exits, entries, failures = [], lanes }) {
  const [event, number] = (seen ?? '').split(' ');
  const steps = (/** @type {{step: number, reason?: number}[]} */ all) => all.filter(({ reason = 0 }) => number === undefined || (reason & 0xffff) === Number(number)).map(({ step }) => step);
  switch (event) {
    case 'vm_exit': return steps(exits);
    case 'vm_entry': return steps(entries);
    case 'entry_failed': return steps(/** @type {any[]} */ (failures));
    case 'vmx_on': return lanes.filter(({ lane }, index) => lane === 'root' && lanes[index - 1]?.lane === 'off').map(({ from }) => from);
    default: return [];
  }
}

/** Where a box of this size stands beside what it explains without covering it: below, else above, as wide and high as there is room. @param {{left: number, top: number, right: number, bottom: number}} mark @param {{width: number, height: number}} size @param {{width: number, height: number}} page */
export function placeBeside(mark, size, page) {
  const edge = 8;
  const below = page.height - mark.bottom - 2 * edge;
  const above = mark.top - 2 * edge;
  const under = below >= size.height || below >= above;
  const height = Math.min(size.height, Math.max(120, under ? below : above));
  const left = Math.max(edge, Math.min(mark.left, page.width - size.width - edge));
  return { left, top: Math.max(edge, under ? mark.bottom + edge : mark.top - edge - height), height };
}
