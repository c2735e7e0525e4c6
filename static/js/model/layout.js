/**
 * Where everything of the diagram stands, in CSS pixels: non-root band above, VMCSs in memory between, root band below, the
 * processor at the bottom. Entry goes up on the left of a VM, exit comes down on its right. Real pixels, not a scaled drawing,
 * so that text keeps its size. The narrow layout draws only the VMCS of the VM in focus and no processor, unless there are several: then each
 * has a card at the bottom, in either layout.
 * Numbers only: no colours, no words, no DOM.
 *
 * @typedef {{x: number, y: number, w: number, h: number}} Box
 * @typedef {{x: number, from: number, to: number}} Arrow   vertical: from and to are y
 * @typedef {{x: number, y: number, anchor: 'start' | 'end', lines: 1 | 2 | 3, room: number, over?: number}} Label   `over`: the room when the words may cross the other arrow
 * @typedef {{id: string, ring?: number}} RegionShape
 * @typedef {{id: string, box: Box, title: {x: number, y: number}, small: boolean, pill: boolean, entry: Arrow, exit: Arrow, entryLabel: Label, exitLabel: Label, caption: {x: number, y: number, room: number},
 *   vmcs: Box | null, cells: Record<'guest' | 'host' | 'controls' | 'exit', Box> | null, chip: Box | null, summary: {x: number, y: number} | null,
 *   regions: (Box & {id: string})[]}} VmPlace
 * @typedef {{width: number, height: number, compact: boolean, names: 'long' | 'short', values: boolean, guestBand: Box, rootBand: Box, processor: Box | null, processors: (Box & {id: string})[],
 *   memory: {x: number, y: number} | null, rings: {y: number, ring: number}[], ringLine: number | null, rootRing: number | null, vmm: Box, vmmName: {x: number, y: number},
 *   rootRegions: (Box & {id: string})[], vms: VmPlace[]}} Layout
 */

import { letters } from './format.js';

/** Between boxes of code that stand side by side. */
const GAP = 8;

const between = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ t) => Math.round(low + (high - low) * t);

/** Does the lesson show code of another ring than 0 in root operation? @param {{where: string, ring?: number}[]} regions */
export function rootHasRings(regions) {
  return regions.some(({ where, ring }) => where === 'root' && Boolean(ring));
}

/**
 * @param {{width: number, height: number, vms: string[], focus: string, compact: boolean,
 *   regions: {where: string, id: string, ring?: number}[], longest?: Record<string, number>, words?: {vmm: number, entry: number}, processors?: string[]}} wanted  `longest`: label widths by region id; `words`: widths of two names
 * @returns {Layout}
 */
export function layout(wanted) {
  return wanted.compact ? narrow(wanted) : wide(wanted);
}

/** @param {Parameters<typeof layout>[0]} wanted @returns {Layout} */
function wide({ width, height, vms, focus, regions, longest = {}, words = { vmm: 160, entry: 54 }, processors = [] }) {
  const t = Math.max(0, Math.min(1, (height - 436) / 102));
  const gutter = width < 700 ? 62 : 76;
  const right = 17;
  const band = { x: 1, y: 1, w: width - 2, h: between(146, 186, t) };
  const shelf = band.y + band.h + between(24, 31, t);
  const vmcsHeight = between(100, 122, t);
  const root = { x: 1, y: shelf + vmcsHeight + between(15, 20, t), w: width - 2, h: between(78, 92, t) };
  const processorTop = root.y + root.h + between(9, 14, t);
  const processor = { x: 1, y: processorTop, w: width - 2, h: Math.max(58, Math.min(84, height - processorTop - 2)) };
  const vmm = { x: gutter, y: root.y + root.h - between(50, 58, t), w: width - gutter - right, h: 46 };
  const boxTop = band.y + between(33, 39, t);
  const boxHeight = band.h - (boxTop - band.y) - between(11, 15, t);
  const usable = width - gutter - right;
  const gap = vms.length > 3 ? 14 : Math.min(60, Math.round(usable / (vms.length * 7)));
  const even = Math.floor((usable - gap * (vms.length - 1)) / Math.max(1, vms.length));
  const crowded = even < 190 && vms.length > 1;
  const focusWidth = crowded ? Math.min(260, Math.floor(usable * 0.42)) : even;
  const otherWidth = crowded ? Math.floor((usable - focusWidth - gap * (vms.length - 1)) / (vms.length - 1)) : even;
  const rows = vms.some((id) => regions.some(({ where, ring }) => where === id && ring === 3));
  const insetOf = (/** @type {number} */ w) => (w > 330 ? 28 : w > 200 ? 20 : w > 110 ? 11 : 8);
  const rowHeight = between(27, 32, t);
  const lower = boxTop + boxHeight - rowHeight - 11;
  const upper = lower - rowHeight - between(9, 18, t);
  let x = gutter;
  const places = vms.map((id, index) => {
    const w = id === focus ? focusWidth : otherWidth;
    const inset = insetOf(w);
    const box = { x, y: boxTop, w, h: boxHeight };
    const before = index && vms[index - 1] === focus ? focusWidth : otherWidth;
    const after = vms[index + 1] === focus ? focusWidth : otherWidth;
    x += w + gap;
    const vmcs = { x: box.x + 2 * inset, y: shelf, w: box.w - 4 * inset, h: vmcsHeight };
    return place({ id, box, vmcs, inset, band, root, shelf, lower, upper, rowHeight, right: index === vms.length - 1 ? width : x + insetOf(after),
      left: index ? box.x - gap - insetOf(before) : 0, small: crowded && id !== focus, mine: regions.filter(({ where }) => where === id), longest, words });
  });
  const cell = ((places.find(({ id }) => id === focus) ?? places[0])?.vmcs?.w ?? 0) / 2 - 15;
  const ringY = (/** @type {number} */ y) => y + rowHeight / 2 + 4;
  return { width, height, compact: false, names: cell >= 104 ? 'long' : 'short', values: cell >= 94, guestBand: band, rootBand: root,
    processor: processors.length > 1 ? null : processor, processors: cards(processors, processor, 4),
    memory: places.length ? { x: 18, y: shelf + 14 } : null,
    rings: !places.length ? [] : rows ? [{ y: ringY(upper), ring: 3 }, { y: ringY(lower), ring: 0 }] : [{ y: ringY(lower), ring: 0 }],
    ringLine: rows ? Math.round((upper + rowHeight + lower) / 2) : null, rootRing: rootHasRings(regions) ? null : vmm.y + 28, vmm, vmmName: { x: vmm.x + 16, y: vmm.y + 28 },
    rootRegions: spread(regions.filter(({ where }) => where === 'root'), longest, vmm, words.vmm + 34), vms: places };
}

/**
 * One VM with its arrows and its VMCS below it.
 * @param {{id: string, box: Box, vmcs: Box, inset: number, band: Box, root: Box, shelf: number, lower: number, upper: number, rowHeight: number, right: number, left: number, small: boolean,
 *   mine: {id: string, ring?: number}[], longest: Record<string, number>, words: {entry: number}}} it @returns {VmPlace}
 */
function place({ id, box, vmcs, inset, band, root, shelf, lower, upper, rowHeight, right, left, small, mine, longest, words }) {
  const entry = { x: box.x + inset, from: root.y, to: box.y + box.h + 6 };
  const exit = { x: box.x + box.w - inset, from: box.y + box.h + 4, to: root.y - 1 };
  const room = right - exit.x - 20;
  const span = exit.x - entry.x - 20;
  const above = shelf - 9;
  const pad = box.w > 200 ? 14 : 8;
  const guest = { x: box.x + pad, w: box.w - 2 * pad };
  const chipWidth = Math.min(176, Math.max(84, guest.w * 0.46));
  const third = mine.filter(({ ring }) => ring === 3);
  const kernel = mine.filter(({ ring }) => ring !== 3);
  const named = third.reduce((sum, { id }) => sum + natural(longest, id) + GAP, -GAP);
  const thirdWidth = Math.min(guest.w, Math.max(named, guest.w - chipWidth - 12));      // the instruction stands beside them
  return { id, box, title: { x: box.x + pad + 2, y: box.y + 22 }, small, pill: box.w > 190 && !small, entry, exit,
    entryLabel: entry.x - left >= words.entry + 20 ? { x: entry.x - 8, y: shelf + 68, anchor: 'end', lines: 1, room: entry.x - left }
      : { x: entry.x + 10, y: above, anchor: 'start', lines: 1, room: span },
    exitLabel: room >= 96 ? { x: exit.x + 22, y: shelf + 40, anchor: 'start', lines: 3, room: room - 10 }
      : { x: exit.x - 10, y: above, anchor: 'end', lines: 1, room: span, over: exit.x - left - 22 },
    caption: { x: entry.x + 10, y: vmcs.y + vmcs.h + 12, room: span },
    vmcs, cells: small ? null : cells(vmcs, 12, 30, 10), summary: third.length || small ? null : { x: guest.x + 2, y: upper + rowHeight / 2 + 4 },
    chip: small ? null : { x: guest.x + guest.w - chipWidth - 5, y: lower + 4, w: chipWidth, h: rowHeight - 8 },
    regions: small ? [] : [...spread(third, longest, { x: guest.x, y: upper, w: thirdWidth, h: rowHeight }, 0, 0),
      ...row(kernel, { x: guest.x, y: lower, w: guest.w, h: rowHeight })] };
}

/** The four groups of a VMCS: guest and host state above, controls and exit information below. @param {Box} box @param {number} pad @param {number} head @param {number} foot */
function cells(box, pad, head, foot) {
  const w = (box.w - 2 * pad - 6) / 2;
  const h = (box.h - head - foot - 6) / 2;
  const [left, right] = [box.x + pad, box.x + pad + w + 6];
  const [top, low] = [box.y + head, box.y + head + h + 6];
  return { guest: { x: left, y: top, w, h }, host: { x: right, y: top, w, h }, controls: { x: left, y: low, w, h }, exit: { x: right, y: low, w, h } };
}

const cardColumns = (/** @type {number} */ width) => (width < 560 ? 2 : 4);

/** How many rows of cards the narrow picture has. @param {number} width @param {number} count  of processors */
export function cardRows(width, count) {
  return count > 1 ? Math.ceil(count / cardColumns(width)) : 0;
}

/** A card for each of several processors: in one row, or in rows of `columns`. @param {string[]} ids @param {Box} inside @param {number} columns */
function cards(ids, inside, columns) {
  if (ids.length < 2) return [];
  const across = Math.min(columns, ids.length);
  const rows = Math.ceil(ids.length / across);
  const w = (inside.w - 8 * (across - 1)) / across;
  const h = (inside.h - 6 * (rows - 1)) / rows;
  return ids.map((id, n) => ({ id, x: inside.x + (n % across) * (w + 8), y: inside.y + Math.floor(n / across) * (h + 6), w, h }));
}

/** Regions that share a row from edge to edge. @param {RegionShape[]} regions @param {Box} inside */
function row(regions, inside) {
  const w = (inside.w - GAP * (regions.length - 1)) / Math.max(1, regions.length);
  return regions.map(({ id }, index) => ({ id, x: inside.x + index * (w + GAP), y: inside.y, w, h: inside.h }));
}

/** The width of a region's box that has room for its words. @param {Record<string, number>} longest @param {string} id */
const natural = (longest, id) => (longest[id] ?? 80) + 22;

/** Regions as wide as their words, after `head` pixels, shrunk together when there is no room.
 * @param {RegionShape[]} regions @param {Record<string, number>} longest @param {Box} inside @param {number} head @param {number} [pad] */
function spread(regions, longest, inside, head, pad = 10) {
  const room = inside.w - head - pad - GAP * (regions.length - 1);
  const widths = regions.map(({ id }) => natural(longest, id));
  const total = widths.reduce((sum, w) => sum + w, 0);
  const scale = total ? Math.min(1.7, room / total) : 1;
  let x = inside.x + head;
  return regions.map(({ id }, index) => {
    const box = { id, x, y: inside.y + pad, w: widths[index] * scale, h: inside.h - 2 * pad };
    x += box.w + GAP;
    return box;
  });
}

/** @param {Parameters<typeof layout>[0]} wanted @returns {Layout} */
function narrow({ width, height, vms, focus, regions, longest = {}, words = { vmm: 40, entry: 54 }, processors = [] }) {
  const t = Math.max(0, Math.min(1, (height - 296) / 34));
  const band = { x: 1, y: 1, w: width - 2, h: 82 };
  const root = { x: 1, y: band.h + between(130, 160, t), w: width - 2, h: 84 };
  const left = width < 480 ? 52 : 60;
  const usable = width - left - 16;
  const others = vms.length - 1;
  const gap = others > 3 ? 6 : 14;
  const focusWidth = others ? Math.max(usable * (others === 1 ? 0.62 : 0.5), 176) : usable;
  const otherWidth = others ? (usable - focusWidth - gap * others) / others : 0;
  let x = left;
  const places = vms.map((id) => {
    const here = id === focus;
    const box = { x, y: 30, w: here ? focusWidth : otherWidth, h: 44 };
    x += box.w + gap;
    const inset = Math.min(12, box.w / 3);
    const entry = { x: box.x + inset, from: root.y, to: 80 };
    const beside = Math.min(box.x + box.w - inset, width - 134);
    const roomy = beside - entry.x > 150;
    const exit = { x: roomy ? beside : box.x + box.w - inset, from: 76, to: root.y - 1 };
    const foot = roomy ? 22 : t > 0.5 ? 43 : 28;
    const vmcs = here ? { x: entry.x + 10, y: band.h + 20, w: exit.x - entry.x - 20, h: root.y - band.h - 20 - foot } : null;
    const chipWidth = Math.min(168, box.w - 82, Math.max(104, box.w * 0.46));
    return { id, box, title: { x: box.x + (box.w > 60 ? 12 : 7), y: box.y + 15 }, small: !here, pill: false, entry, exit,
      entryLabel: { x: entry.x - 8, y: band.h + 64, anchor: /** @type {const} */ ('end'), lines: /** @type {const} */ (1), room: entry.x - 12 },
      exitLabel: roomy ? { x: exit.x + 20, y: band.h + 48, anchor: /** @type {const} */ ('start'), lines: /** @type {const} */ (3), room: width - exit.x - 24 }
        : { x: exit.x - 12, y: root.y - (t > 0.5 ? 25 : 10), anchor: /** @type {const} */ ('end'), lines: /** @type {1 | 2} */ (t > 0.5 ? 2 : 1), room: exit.x - entry.x - 24 },
      caption: { x: entry.x + 14, y: band.h + 15, room: exit.x - entry.x - 22 },
      vmcs, cells: vmcs && cells(vmcs, 10, 26, 8), summary: null,
      chip: here && chipWidth > 70 ? { x: box.x + box.w - chipWidth - 10, y: box.y + 10, w: chipWidth, h: 24 } : null, regions: [] };
  });
  const vmm = { x: left, y: root.y + 29, w: width - left - 16, h: 44 };
  const wideCells = (places.find(({ vmcs }) => vmcs)?.vmcs?.w ?? 0) > 216;
  const mine = regions.filter(({ where }) => where === 'root');
  const all = spread(mine, longest, vmm, words.vmm + 34);
  const columns = cardColumns(width);
  const lines = cardRows(width, processors.length);
  const below = { x: 1, y: root.y + root.h + 8, w: width - 2, h: 34 * lines - 6 };
  return { width, height: lines ? below.y + below.h + 1 : root.y + root.h + 1, compact: true, names: wideCells ? 'long' : 'short', values: false, guestBand: band, rootBand: root, processor: null,
    processors: cards(processors, below, columns), memory: null,
    rings: [], ringLine: null, rootRing: null, vmm, vmmName: { x: vmm.x + 14, y: vmm.y + 27 },
    rootRegions: fits(all, longest) ? all : [], vms: places };
}

/** The boxes of the monitor's code: all of them, or only the lit one where there is no room for all. @param {Layout} place @param {string | undefined} lit @param {string[]} known */
export function rootBoxes(place, lit, known) {
  if (place.rootRegions.length || lit === undefined || !known.includes(lit)) return place.rootRegions;
  const { x, y, w, h } = place.vmm;
  const wide = Math.min(w * 0.66, 206);
  return [{ id: lit, x: x + w - wide - 8, y: y + 10, w: wide, h: h - 20 }];
}

/** Whether every region has room for its words. @param {(Box & {id: string})[]} boxes @param {Record<string, number>} longest */
function fits(boxes, longest) {
  return boxes.every(({ id, w }) => w >= (longest[id] ?? 0) + 8);
}

/** Estimated width of a text in the interface font at 12 px; close enough to size a box. @param {string} text */
export function textWidth(text) {
  return letters(text) * 6.4;
}
