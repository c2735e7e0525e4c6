/**
 * The checks of a VM entry in the manual's order: which were kept, which one failed, which were not reached. The rows are the machine's (`/api/checks`).
 * @typedef {{groups: {id: string, sections: {title: string, rows: string[]}[]}[]}} Checks
 * @typedef {'passed' | 'failed' | 'ahead'} Standing
 * @typedef {{id: string, title: string, standing: Standing}} Row   `title`: of the section of the manual that begins here, else empty
 * @typedef {{id: string, standing: Standing, rows: Row[], failed: number}} Group   `failed`: place of the broken rule, -1 without
 */
import { processorOf } from './selectors.js';

/** VM-instruction errors that are guards of VMLAUNCH and VMRESUME. @type {Record<number, string>} */
const GUARD_OF_ERROR = { 4: 'guard.7', 5: 'guard.8', 26: 'guard.6' };

/** The rule that the VM entry of this step broke, by the id of its row; empty when none did. @param {import('../types').State} state */
export function failedCheck({ events, scene }) {
  const failed = events.findLast(({ type }) => type === 'entry_failed');
  if (failed) return String(failed.check);
  const outcome = events.findLast(({ type, instruction, result }) => type === 'vmx_outcome' && /^vm(launch|resume)$/i.test(instruction) && result !== 'succeed');
  if (!outcome || !scene) return '';
  if (outcome.result === 'fail_invalid') return processorOf(scene).current_vmcs === undefined ? 'guard.4' : 'guard.5';
  return GUARD_OF_ERROR[outcome.error] ?? '';
}

/** Whether this step tried VMRESUME rather than VMLAUNCH. @param {import('../types').Event[]} events */
const resumes = (events) => events.some(({ type, text }) => type === 'instruction' && /vmresume/i.test(text));

/** Every group with how it stands. @param {Checks} checks @param {string} failed @param {import('../types').Event[]} events @returns {Group[]} */
export function standings({ groups }, failed, events) {
  const other = resumes(events) ? 'guard.7' : 'guard.8';
  let past = false;
  return groups.map(({ id, sections }) => {
    const rows = sections.flatMap(({ title, rows: ids }) => ids.filter((row) => row !== other).map((row, n) => {
      const standing = row === failed ? 'failed' : past ? 'ahead' : 'passed';
      past ||= row === failed;
      return { id: row, title: n ? '' : title, standing: /** @type {Standing} */ (standing) };
    }));
    const at = rows.findIndex(({ standing }) => standing === 'failed');
    return { id, standing: at >= 0 ? 'failed' : past ? 'ahead' : 'passed', rows, failed: at };
  });
}

/** A group cut around its broken rule: what comes before, what is near, what comes after. @param {Group} group @param {number} [near] */
export function around({ rows, failed }, near = 2) {
  const [from, to] = [Math.max(0, failed - near), failed + near + 1];
  return { before: rows.slice(0, from), here: rows.slice(from, to), after: rows.slice(to) };
}
