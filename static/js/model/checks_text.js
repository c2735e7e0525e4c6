/**
 * The words of checks.js: the same in the list beside the picture and in the text of the scene.
 * @typedef {import('./checks.js').Group} Group
 * @typedef {import('./checks.js').Row} Row
 * @typedef {import('../types').Translate} Translate
 */
import { ruleSentence } from './sentences.js';

/** What a group is called: the stage of a VM entry, or what its guards give. @param {Group} group @param {Translate} t */
export function groupName({ id, kind, code }, t) {
  if (!kind) return t(`checks.${id}`);
  return kind === 'exit' ? t('checks.exit', { reason: code }) : kind === 'fail' ? 'VMfail' : t('checks.fault', { code: code?.replaceAll(';', ',') });
}

/** How a group stands. @param {Group} group @param {Translate} t */
export function groupState({ kind, standing, rows, failed }, t) {
  if (standing === 'failed') return t(kind === 'exit' ? 'checks.exited' : 'checks.failed', { number: failed + 1, total: rows.length });
  return t(`checks.${standing}`, { count: rows.length });
}

/** How a rule stands: for those who hear it. @param {Row} row @param {Group} group @param {Translate} t */
export const rowState = ({ standing }, { kind }, t) => t(`check_state.${standing === 'failed' && kind === 'exit' ? 'exited' : standing}`);

/** The rule of a row. @param {Row} row @param {Translate} t */
export const rowRule = ({ id }, t) => ruleSentence(id, t);

/** What a VMfail of a row is, as the manual writes it; empty for other rows. @param {Row} row */
export const rowCode = ({ code }) => (!code ? '' : code === 'invalid' ? 'VMfailInvalid' : `VMfail(${code})`);

/** What the whole list is called. @param {import('./checks.js').Ladder} ladder @param {Translate} t */
export const ladderTitle = ({ instruction }, t) => (instruction ? t('checks.title_of', { instruction: instruction.toUpperCase() }) : t('checks.title'));

/** The list as text: a line for each group, and for the one that decided a line for each of its rules. @param {import('./checks.js').Ladder} ladder @param {Translate} t */
export function ladderText({ groups }, t) {
  return groups.map((group) => ({ line: `${groupName(group, t)}: ${groupState(group, t)}`,
    rules: group.standing === 'failed' ? group.rows.map((row) => [`${rowState(row, group, t)}: ${rowRule(row, t)}`, rowCode(row)].filter(Boolean).join(' · ')) : [] }));
}
