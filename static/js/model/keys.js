/**
 * Which key means which command. Pure: it is told what has the focus and answers with a command, or null to leave the key alone.
 * Keys are never taken while somebody types; a focused widget keeps its own keys; letters can be switched off (WCAG 2.1.4).
 * @typedef {{key: string, shiftKey: boolean, ctrlKey: boolean, altKey: boolean, metaKey: boolean}} Press
 * @typedef {{letters: boolean, focus: 'page' | 'typing' | 'button' | 'tabs' | 'slider' | 'scroller', modal?: boolean}} Context
 */

/** @type {Record<string, string>} */
const PLAIN = {
  ArrowRight: 'stepForward', ArrowLeft: 'stepBack', ArrowDown: 'phaseForward', ArrowUp: 'phaseBack',
  PageDown: 'nextStop', PageUp: 'previousStop', Home: 'first', End: 'last', ' ': 'togglePlay', Escape: 'close',
};
/** @type {Record<string, string>} */
const CHARACTERS = {
  n: 'nextStop', p: 'previousStop', g: 'goTo', r: 'restart', f: 'fullScreen', b: 'blank', m: 'bookmark', w: 'whatIf', l: 'large', z: 'level', d: 'drive', '+': 'faster', '=': 'faster', '-': 'slower', '?': 'help',
};
/** Keys that belong to the widget in focus. @type {Record<Context['focus'], Set<string>>} */
const OWN = {
  page: new Set(),
  typing: new Set(),
  button: new Set([' ', 'Enter']),
  tabs: new Set(['ArrowLeft', 'ArrowRight', 'Home', 'End', ' ', 'Enter']),
  slider: new Set(),
  scroller: new Set(['ArrowUp', 'ArrowDown', 'Home', 'End']),
};

/** The command for a key press. @param {Press} press @param {Context} context @returns {string | null} */
export function commandFor(press, context) {
  if (press.key === 'Escape') return 'close';
  if (press.ctrlKey || press.altKey || press.metaKey || context.focus === 'typing' || context.modal) return null;
  if (OWN[context.focus].has(press.key)) return null;
  if (press.shiftKey && press.key === 'ArrowRight') return 'nextTransition';
  if (press.shiftKey && press.key === 'ArrowLeft') return 'previousTransition';
  if (press.key in PLAIN) return press.shiftKey && press.key !== ' ' ? null : PLAIN[press.key];
  if (!context.letters) return null;
  return CHARACTERS[press.key.toLowerCase()] ?? null;
}

/** What the help lists: keys and the catalogue key of what they do. @type {[string[], string, boolean][]} */
export const HELP = [
  [['←', '→'], 'key.step', false], [['↑', '↓'], 'key.phase', false], [['⇧ ←', '⇧ →'], 'key.transition', false],
  [['PageUp', 'PageDown'], 'key.stop_page', false], [['Home', 'End'], 'key.ends', false], [['Space'], 'key.play', false],
  [['P', 'N'], 'key.stop', true], [['G'], 'key.go', true], [['+', '−'], 'key.speed', true], [['R'], 'key.restart', true],
  [['W'], 'key.what_if', true], [['M'], 'key.bookmark', true], [['F'], 'key.full', true], [['L'], 'key.large', true], [['Z'], 'key.level', true], [['D'], 'key.drive', true], [['B'], 'key.blank', true], [['?'], 'key.help', true], [['Esc'], 'key.close', false],
];
