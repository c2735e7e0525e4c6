/**
 * In what two scenes differ: who has control, registers, VMCS fields, virtual machines. Pure.
 * @typedef {import('../types').Scene} Scene
 * @typedef {{where: 'control' | 'register' | 'vmcs' | 'vm', name: string, of?: string, here: string, there: string}} Difference  `here`: of the first scene
 */

/** @param {Record<string, string> | undefined} here @param {Record<string, string> | undefined} there @param {(name: string) => boolean} [left] */
function pairs(here = {}, there = {}, left = () => false) {
  return [...new Set([...Object.keys(here), ...Object.keys(there)])].filter((name) => here[name] !== there[name] && !left(name))
    .map((name) => ({ name, here: here[name] ?? '', there: there[name] ?? '' }));
}

/** @param {Scene} here @param {Scene} there @returns {Difference[]} */
export function differences(here, there) {
  /** @type {Difference[]} */
  const found = [];
  for (const [number, one] of Object.entries(here.processors)) {
    const other = there.processors[number];
    if (!other) continue;
    const who = (/** @type {import('../types').Processor} */ { mode, vm }) => (mode === 'non_root' ? vm ?? mode : mode);
    if (who(one) !== who(other)) found.push({ where: 'control', name: number, here: who(one), there: who(other) });
    found.push(...pairs(one.registers, other.registers, (name) => name === 'tsc').map((pair) => ({ where: /** @type {const} */ ('register'), ...pair })));
  }
  for (const address of new Set([...Object.keys(here.vmcs), ...Object.keys(there.vmcs)])) {
    found.push(...pairs(here.vmcs[address]?.fields, there.vmcs[address]?.fields).map((pair) => ({ where: /** @type {const} */ ('vmcs'), of: here.vmcs[address]?.vm ?? there.vmcs[address]?.vm ?? address, ...pair })));
  }
  for (const vm of new Set([...Object.keys(here.vms), ...Object.keys(there.vms)])) {
    const [one, other] = [here.vms[vm]?.state ?? '', there.vms[vm]?.state ?? ''];
    if (one !== other) found.push({ where: 'vm', name: vm, here: one, there: other });
  }
  return found;
}
