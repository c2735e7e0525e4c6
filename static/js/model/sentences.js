/**
 * Events become sentences, by the catalogue. The sentence of a step says what the picture shows: what happened, who has control,
 * what changed. An event without words of its own is left out rather than shown raw.
 *
 * @typedef {import('../types').Event} Event
 * @typedef {import('../types').Scene} Scene
 * @typedef {import('../types').State} State
 * @typedef {import('../types').Translate} Translate
 */
import { bitNames, exitName, fieldLabel, fieldValue, hexadecimal, instructionText, registerLabel, vectorName } from './format.js';
import { carriedWords } from './events_in_vmcs.js';
import { modeChange, modeEntered } from './guest_mode.js';
import { formatPosition, phasesAt } from './position.js';
import { actingOf, processorOf, refusedByInstruction, transitionOf, vmOfVmcs } from './selectors.js';
import { importance } from './vmcs_table.js';
import { firstOf } from './words.js';

/** What a person would tell first, most telling first. */
const ORDER = ['entry_failed', 'vm_exit', 'vm_entry', 'fault', 'interrupt', 'signal', 'vmcs_write', 'vmcs_read', 'vmx_outcome', 'vmx_guard', 'mode', 'vmcs_state', 'halt', 'port',
  'msr', 'memory', 'console', 'instruction', 'vm', 'ept_walk', 'page_walk', 'tlb', 'note'];

/** The short name of an exit reason. @param {Translate} t @param {number | undefined} reason @param {string} [name] */
export function reasonName(t, reason, name = '') {
  return firstOf(t, [`exit_name.${(reason ?? -1) & 0xffff}`]) || exitName(name) || String(reason ?? '');
}

/** Name of a VMCS in words: its VM when it has one, else its address. @param {Scene | null} scene @param {string} vmcs */
function ownerOf(scene, vmcs) {
  return (scene && vmOfVmcs(scene, vmcs)) || vmcs;
}

/** One event as a clause without full stop, or '' when it has no words. @param {Event} event @param {Scene | null} scene @param {Translate} t @returns {string} */
export function clause(event, scene, t) {
  const say = (/** @type {string} */ key, /** @type {Record<string, unknown>} */ extra = {}) => firstOf(t, [key], { ...event, ...extra });
  switch (event.type) {
    case 'instruction': return say('event.instruction', { text: instructionText(event.text) });
    case 'mode': return say(`event.mode.${event.from}.${event.to}`);
    case 'vmx_outcome': return say(`event.vmx_outcome.${event.result}`, { instruction: String(event.instruction).toUpperCase(), meaning: t(`vmx_error.${event.error}`) });
    case 'vmx_guard': {
      const rule = ruleSentence(event.check ?? event.guard, t);
      return rule && say('event.vmx_guard', { instruction: String(event.instruction).toUpperCase(), rule });
    }
    case 'vm_entry': return say(`event.vm_entry.${event.kind}`);
    case 'vm_exit': return say('event.vm_exit', { name: reasonName(t, event.reason, event.name), reason: event.reason & 0xffff,
      meaning: firstOf(t, [`exit.${event.reason & 0xffff}`, 'exit.other'], event) });
    case 'entry_failed': return say(`event.entry_failed.${event.reason & 0xffff}`);
    case 'phase': return say('event.phase', { of: t(`phases.${event.of}`), name: phaseName(t, event.of, event.name) });
    case 'vmcs_read': case 'vmcs_write':
      return say(`event.${event.type}`, { field: fieldLabel(event.field), vm: ownerOf(scene, event.vmcs),
        ...Object.fromEntries(['old', 'new', 'value'].filter((key) => key in event).map((key) => [key, fieldValue(event.field, event[key])])) });
    case 'vmcs_state': return say('event.vmcs_state', { vm: ownerOf(scene, event.vmcs), active: t(event.active ? 'vmcs.active' : 'vmcs.inactive'),
      current: event.current ? t('event.vmcs_state.current') : '', launch: t(`vmcs.${event.launch}`) });
    case 'fault': return say(event.error === undefined ? 'event.fault' : 'event.fault_error', { vector: vectorName(event.vector) });
    case 'interrupt': return say(`event.interrupt.${event.source}`);
    case 'signal': return say(`event.signal.${event.kind}.${event.from === undefined ? 'outside' : 'sent'}`);
    case 'page_walk': case 'ept_walk':
      return say(event.physical === undefined ? `event.${event.type}_fails` : `event.${event.type}`, { access: t(`access.${event.access}`) });
    case 'tlb': return say(`event.tlb.${event.action}`);
    case 'port': return say(`event.port.${event.direction}`, { port: hexadecimal(event.port) });
    case 'memory': return say(`event.memory.${event.access}.${event.what}`);
    case 'msr': return say(`event.msr.${event.access}`, { name: event.name ? String(event.name).toUpperCase() : `MSR ${hexadecimal(event.index)}` });
    case 'console': return say('event.console', { text: JSON.stringify(event.text) });
    case 'vm': return firstOf(t, [`event.vm.${event.state}`, 'event.vm.other'], event);
    case 'note': return firstOf(t, [`note.${event.id}`, 'event.note'], { ...event, ...event.values, name: slotName(String(event.values?.slot ?? '')) });
    default: return say(`event.${event.type}`);
  }
}

/** A rule as a sentence, by its id: a check of VM entry, or a guard, whose words many instructions share; '' while there are none. @param {string} id @param {Translate} t */
export function ruleSentence(id, t) {
  return firstOf(t, [`check.${id}`, ...(/^guard\./.test(id) ? [id] : [`vmx_guard.${id}`, `vmx_guard.${id.split('.')[1]}`])]);
}

/**
 * The rule that the VM entry or VMX instruction of this position breaks, with the fields it looks at and their values; null when none does, or its words are
 * not there yet. `exit`: that is how a guest leaves, and no failure; its phases tell of themselves.
 * @param {State} state @param {Translate} t @returns {{rule: string, exit: boolean, section: string, vmcs: string, fields: {name: string, field: string, value: string}[]} | null}
 */
export function brokenRule({ events, position, scene }, t) {
  const failed = events.findLast(({ type }) => type === 'entry_failed' || type === 'vmx_guard');
  if (!failed || (failed.result === 'exit' && position.phase)) return null;
  const id = String(failed.check ?? failed.guard ?? '');
  const rule = ruleSentence(id, t) || (failed.type === 'entry_failed' ? id.replaceAll('_', ' ') : '');
  if (!rule) return null;
  const values = scene?.vmcs[failed.vmcs]?.fields ?? {};
  return { rule, exit: failed.result === 'exit', section: failed.section ?? '', vmcs: failed.vmcs ?? '',
    fields: (failed.fields ?? []).map((/** @type {string} */ name) => ({ name: fieldLabel(name), field: name, value: name in values ? fieldValue(name, values[name]) : '' })) };
}

/** Why control changes hands here, or a VMX instruction failed: what has an explanation, by its key. @param {State} state @param {Translate} t @returns {{key: string, words: string}[]} */
export function causes({ events, scene }, t) {
  const under = scene && transitionOf(scene);
  const left = events.findLast((event) => event.type === 'vm_exit' || (event.type === 'entry_failed' && !refusedByInstruction(event))) ?? (under?.reason === undefined ? undefined : under);
  const failed = events.findLast(({ type, result }) => type === 'vmx_outcome' && result === 'fail_valid');
  const reason = (left?.reason ?? 0) & 0xffff;
  return [
    ...(left ? [{ key: `exit.${reason}`, words: t('diagram.reason_line', { name: reasonName(t, reason, left.name), reason }) }] : []),
    ...(failed ? [{ key: `error.${failed.error}`, words: t('story.error', { number: failed.error }) }] : []),
  ];
}

/** What people call a slot of the wire. @param {string} slot */
function slotName(slot) {
  const [kind, place, field] = slot.split(':');
  return kind === 'vmcs' ? `VMCS ${place}: ${fieldLabel(field ?? '')}` : kind === 'memory' ? `@${place}` : registerLabel(kind);
}

/** @param {Translate} t @param {string} of @param {string} name */
export function phaseName(t, of, name) {
  return firstOf(t, [`phase.${of}.${name}`, `phase.exit.${name}`]) || name.replaceAll('_', ' ');
}

/** What a phase does, in one clause. @param {Translate} t @param {{of: string, name: string, number: number}} phase */
export function phaseDoes(t, { of, name, number }) {
  return firstOf(t, [`phase_does.${of}.${name}`]) || t('event.phase', { of: t(`phases.${of}`), number, name: phaseName(t, of, name) });
}

/** Who has control, as a clause. @param {Scene} scene @param {Translate} t */
export function whoHasControl(scene, t) {
  const transition = transitionOf(scene);
  if (transition) return t(`who.${transition.of}`, { vm: transition.vm ?? '' });
  const processor = processorOf(scene);
  return t(`who.${processor.mode}`, { vm: processor.vm ?? '' });
}

/** The events of the position that have words, most telling first. @param {State} state @param {Translate} t */
export function tellings(state, t) {
  // That an instruction fails is more than that it writes why into the VMCS.
  const rank = (/** @type {Event} */ { type, id, result }) => (id === 'what_if' ? -1 : /^fail_/.test(result) ? ORDER.indexOf('vmcs_write') - 0.5
    : ORDER.includes(type) ? ORDER.indexOf(type) : ORDER.length);
  return state.events.filter(({ type }) => type !== 'phase').slice().sort((a, b) => rank(a) - rank(b))
    .map((event) => ({ event, text: clause(event, state.scene, t) })).filter(({ text }, index, all) => text && all.findIndex((other) => other.text === text) === index);
}

/** What happened, in one clause. @param {State} state @param {Translate} t */
export function whatHappened(state, t) {
  const under = phaseUnderWay(state);
  if (under) {
    return t('event.phase', { of: t(`phases.${under.of}`), number: under.number, name: phaseName(t, under.of, under.name) });
  }
  if (state.position.step === 0) return t('live.start');
  return tellings(state, t)[0]?.text ?? t('live.quiet');
}

/** The phase that has just been done, at positions inside a step. @param {State} state */
export function phaseUnderWay({ position, outline, scene }) {
  if (!position.phase) return null;
  const phases = phasesAt(position, outline);
  const transition = scene && transitionOf(scene);
  const name = phases?.names[position.phase - 1];
  if (!phases || !name) return null;
  return { of: transition?.of ?? phases.of, number: position.phase, total: phases.names.length, name };
}

/** What the step changed, as "name value" pairs; the time-stamp counter goes on always and is not told. @param {Scene} scene @param {Translate} t @param {number} [limit] */
export function changes(scene, t, limit = 4) {
  const processor = processorOf(scene);
  const registers = Object.keys(processor.changed ?? {}).filter((name) => name !== 'tsc' && processor.registers[name] !== undefined)
    .sort((a, b) => Number(a === 'rip') - Number(b === 'rip'))
    .map((name) => t('live.change', { name: registerLabel(name), value: name === 'rflags' ? bitNames(name, processor.registers[name]) || processor.registers[name] : processor.registers[name] }));
  const fields = Object.entries(scene.vmcs).flatMap(([address, vmcs]) => Object.keys(vmcs.changed ?? {}).filter((name) => vmcs.fields[name] !== undefined).sort((a, b) => importance(a) - importance(b))
    .map((name) => t('live.change', { name: t('live.vmcs_of', { vm: vmcs.vm ?? address, name: fieldLabel(name) }), value: fieldValue(name, vmcs.fields[name]) })));
  const all = [...fields, ...registers];
  if (!all.length) return t('live.unchanged');
  const rest = all.length - limit;
  const list = all.slice(0, rest === 1 ? limit + 1 : limit).join(t('live.separator'));
  return t('live.changed', { list: rest > 1 ? `${list} ${t('live.more', { count: rest })}` : list });
}

/** The one sentence of the live region. @param {State} state @param {Translate} t */
export function liveSentence(state, t) {
  if (!state.scene) return '';
  const broken = brokenRule(state, t);
  const happened = whatHappened(state, t);
  const told = [broken ? t(broken.exit ? 'live.guard' : 'live.rule', { what: happened, rule: broken.rule }) : happened, ...carriedWords(state, t)].join(t('live.separator'));
  const processor = actingOf(state.scene);
  const what = processor === undefined ? told : t('live.processor', { processor, what: told });
  const who = [whoHasControl(state.scene, t), modeChange(state.scene, t)].filter(Boolean).join(t('live.separator'));
  const mode = modeEntered(state, t);
  return t('live.sentence', { position: formatPosition(state.position), what, who: mode ? t('guest.who', { who, list: mode }) : who, changes: changes(state.scene, t) });
}
