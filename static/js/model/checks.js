/**
 * What a VM entry, or another VMX instruction, asks in order: which rules were kept, which one decided, which were not reached. The rows are the
 * machine's (`/api/checks`), and it names the one that decided: `entry_failed`, `vmx_guard`.
 * @typedef {{page: string, groups: {id: string, sections: {title: string, rows: string[]}[]}[], instructions: Record<string, {page: string, groups: Guards[]}>}} Checks
 * @typedef {'fault' | 'exit' | 'fail'} Kind   what a guard gives
 * @typedef {{kind: Kind, code?: string, rows: {id: string, code: string}[]}} Guards   guards that follow one another; `code`: the fault, the number of the exit, or of the error
 * @typedef {'passed' | 'failed' | 'ahead'} Standing
 * @typedef {{id: string, title: string, standing: Standing, code?: string}} Row   `title`: of the section of the manual that begins here, else empty; `code`: of a VMfail
 * @typedef {{id: string, kind?: Kind, code?: string, standing: Standing, rows: Row[], failed: number}} Group   `failed`: place of the broken rule, -1 without; `kind`: of guards
 * @typedef {{instruction: string, check: string, exit: boolean, section: string, page: string, groups: Group[]}} Ladder   `instruction`: empty for a VM entry; `exit`: a guest left, and nothing failed; `section` of the manual; `page`: of the reference
 */

/** What decided in this step: the check of VM entry, or the guard of another instruction, by the id of its row; empty when nothing did. @param {{events: import('../types').Event[]}} state */
export function failedCheck({ events }) {
  const failed = events.findLast(({ type }) => type === 'entry_failed' || type === 'vmx_guard');
  return String(failed?.check ?? failed?.guard ?? '');
}

/** Whether this step tried VMRESUME rather than VMLAUNCH. @param {import('../types').Event[]} events */
const resumes = (events) => events.some(({ type, text }) => type === 'instruction' && /vmresume/i.test(text));

/** All that was asked in this step, and how it stands; null when nothing failed. @param {Checks} checks @param {{events: import('../types').Event[]}} state @returns {Ladder | null} */
export function ladder(checks, { events }) {
  const check = failedCheck({ events });
  if (!check) return null;
  const guard = events.find(({ type }) => type === 'vmx_guard');
  const told = { check, exit: guard?.result === 'exit', section: String(guard?.section ?? '') };
  const instruction = check.split('.')[0];
  if (instruction in checks.instructions) {
    const { page, groups } = checks.instructions[instruction];
    return { ...told, instruction, page, groups: standing(groups.map(({ kind, code, rows }) => (
      { id: kind, kind, code, rows: rows.map(({ id, code: of }) => ({ id, title: '', code: kind === 'fail' ? of : undefined })) })), check) };
  }
  const other = resumes(events) ? 'guard.7' : 'guard.8';
  return { ...told, instruction: '', page: checks.page, groups: standing(checks.groups.map(({ id, sections }) => (
    { id, rows: sections.flatMap(({ title, rows }) => rows.filter((row) => row !== other).map((row, n) => ({ id: row, title: n ? '' : title }))) })), check) };
}

/** @param {(Omit<Group, 'standing' | 'failed' | 'rows'> & {rows: Omit<Row, 'standing'>[]})[]} groups @param {string} failed @returns {Group[]} */
function standing(groups, failed) {
  let past = false;
  return groups.map((group) => {
    const rows = group.rows.map((row) => {
      const how = row.id === failed ? 'failed' : past ? 'ahead' : 'passed';
      past ||= row.id === failed;
      return { ...row, standing: /** @type {Standing} */ (how) };
    });
    const at = rows.findIndex((row) => row.standing === 'failed');
    return { ...group, standing: at >= 0 ? 'failed' : past ? 'ahead' : 'passed', rows, failed: at };
  });
}

/** A group cut around its broken rule: what comes before, what is near, what comes after. @param {Group} group @param {number} [near] */
export function around({ rows, failed }, near = 2) {
  const [from, to] = [Math.max(0, failed - near), failed + near + 1];
  return { before: rows.slice(0, from), here: rows.slice(from, to), after: rows.slice(to) };
}
