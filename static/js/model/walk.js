/**
 * A translation as a grid: a row for each address on the way, a cell for each entry that was read, numbered in the order of reading.
 * @typedef {{level: number, address: string, value: string}} Entry
 * @typedef {{level: number, address?: string, value?: string, ept: Entry[]}} WalkRow
 * @typedef {{linear: string, physical?: string, access: string, outcome: string, cached: boolean, references: number, rows: WalkRow[]}} Walk
 * @typedef {{number: number, of: 'guest' | 'ept', level: number, address: string, value: string, frame: string, flags: string, bad: boolean}} Cell
 * @typedef {{level: number, address?: string, ept: Cell[], entry: Cell | null, register: boolean}} GridRow
 */

const GUEST_FLAGS = /** @type {[number, string][]} */ ([[0, 'P'], [1, 'W'], [2, 'U'], [5, 'A'], [6, 'D'], [7, 'S'], [8, 'G'], [63, 'NX']]);
const EPT_FLAGS = /** @type {[number, string][]} */ ([[0, 'R'], [1, 'W'], [2, 'X'], [7, 'S'], [8, 'A'], [9, 'D']]);
const FRAME = 0xffffffffff000n;

/** The names of an entry's set flags; S is a large page. @param {'guest' | 'ept'} of @param {string} value */
export function flagNames(of, value) {
  const bits = BigInt(`0x${value}`);
  return (of === 'ept' ? EPT_FLAGS : GUEST_FLAGS).filter(([bit]) => (bits >> BigInt(bit)) & 1n).map(([, name]) => name).join(' ');
}

/** @param {Walk} walk @returns {GridRow[]} */
export function grid(walk) {
  let number = 0;
  const failed = walk.outcome !== 'translated';
  /** @param {'guest' | 'ept'} of @param {Entry} entry @param {boolean} last @returns {Cell} */
  const cell = (of, { level, address, value }, last) => ({ number: address ? ++number : 0, of, level, address, value, flags: flagNames(of, value), bad: failed && last,
    frame: (BigInt(`0x${value}`) & FRAME).toString(16) });
  return walk.rows.map((row, index) => {
    const last = index === walk.rows.length - 1;
    const ept = row.ept.map((entry, n) => cell('ept', entry, last && row.value === undefined && n === row.ept.length - 1));
    const entry = row.value === undefined ? null : cell('guest', { level: row.level, address: row.address ?? '', value: row.value }, last);
    return { level: row.level, address: row.address, ept, entry, register: row.value !== undefined && row.address === undefined };
  });
}

/** The cell that was read as number `n`. @param {GridRow[]} rows @param {number} n */
export function cellAt(rows, n) {
  return rows.flatMap(({ ept, entry }) => (entry ? [...ept, entry] : ept)).find(({ number }) => number === n) ?? null;
}

/** Bytes of memory in rows of eight. @param {string} bytes @param {string} address @param {string} [before]  what stood there before, to mark what changed */
export function hexRows(bytes, address, before) {
  const pairs = bytes.match(/../g) ?? [];
  const old = before?.length === bytes.length ? before.match(/../g) ?? [] : pairs;
  const rows = [];
  for (let n = 0; n < pairs.length; n += 8) {
    const here = pairs.slice(n, n + 8);
    rows.push({ address: (BigInt(`0x${address}`) + BigInt(n)).toString(16), bytes: here.map((byte, k) => ({ byte, changed: byte !== old[n + k] })),
      text: here.map((byte) => (/^[2-7]/.test(byte) && byte !== '7f' ? String.fromCharCode(parseInt(byte, 16)) : '·')).join('') });
  }
  return rows;
}
