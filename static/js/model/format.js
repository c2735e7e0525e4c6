/**
 * How values are written: addresses and values are lower-case hexadecimal without 0x, as on the wire.
 */

const FLAGS = /** @type {[number, string][]} */ ([
  [17, 'VM'], [14, 'NT'], [11, 'OF'], [10, 'DF'], [9, 'IF'], [8, 'TF'], [7, 'SF'], [6, 'ZF'], [4, 'AF'], [2, 'PF'], [0, 'CF'],
]);
const CR0 = /** @type {[number, string][]} */ ([
  [31, 'PG'], [30, 'CD'], [29, 'NW'], [18, 'AM'], [16, 'WP'], [5, 'NE'], [4, 'ET'], [3, 'TS'], [2, 'EM'], [1, 'MP'], [0, 'PE'],
]);
const CR4 = /** @type {[number, string][]} */ ([
  [21, 'SMAP'], [20, 'SMEP'], [18, 'OSXSAVE'], [17, 'PCIDE'], [14, 'SMXE'], [13, 'VMXE'], [10, 'OSXMMEXCPT'], [9, 'OSFXSR'],
  [7, 'PGE'], [6, 'MCE'], [5, 'PAE'], [4, 'PSE'], [3, 'DE'], [2, 'TSD'], [1, 'PVI'], [0, 'VME'],
]);
const EFER = /** @type {[number, string][]} */ ([[11, 'NXE'], [10, 'LMA'], [8, 'LME'], [0, 'SCE']]);

/** @type {Record<string, [number, string][]>} */
const BITS = { rflags: FLAGS, cr0: CR0, cr4: CR4, efer: EFER };

/** The names of the bits that are set in a register or VMCS field, most significant first. @param {string} name @param {string} hex */
export function bitNames(name, hex) {
  const table = BITS[name.replace(/^(guest|host)_(ia32_)?/, '').replace(/^ia32_/, '')];
  if (!table || !/^[0-9a-f]+$/.test(hex)) return '';
  const value = BigInt(`0x${hex}`);
  return table.filter(([bit]) => (value >> BigInt(bit)) & 1n).map(([, label]) => label).join(' ');
}

/** The term that explains each group of VMCS fields. */
export const GROUP_TERMS = { exit: 'term.exit_information', guest: 'term.guest_state_area', host: 'term.host_state_area', controls: 'term.controls' };

/** A field name as people write it: guest_rip becomes "guest RIP". @param {string} name */
export function fieldLabel(name) {
  return name.split('_').map((word) => (ACRONYMS.has(word) || /^(cr|dr|r)\d/.test(word) ? word.toUpperCase() : WORDS[word] ?? word)).join(' ');
}
const ACRONYMS = new Set(['rip', 'rsp', 'rflags', 'cs', 'ss', 'ds', 'es', 'fs', 'gs', 'tr', 'ldtr', 'gdtr', 'idtr', 'msr', 'ept',
  'vpid', 'tsc', 'pml', 'apic', 'tpr', 'eoi', 'ia32', 'efer', 'pat', 'vm', 'ssp', 'idt', 'smbase', 'xcr0', 'cpl', 'uinv', 'eptp', 'vmcs', 'vmx']);
/** @type {Record<string, string>} */
const WORDS = { io: 'I/O', pdpte0: 'PDPTE0', pdpte1: 'PDPTE1', pdpte2: 'PDPTE2', pdpte3: 'PDPTE3', debugctl: 'DEBUGCTL' };

/** The name of a register on the screen. @param {string} name */
export function registerLabel(name) {
  return fieldLabel(name.replace(/^ia32_/, '')).replace(/^(gdtr|idtr)/, (text) => text.toUpperCase())
    .replace(/^(rax|rbx|rcx|rdx|rsi|rdi|rbp|efer|tsc|r\d+|cr\d|dr\d)$/, (text) => text.toUpperCase());
}

/** VMX exit names are constants (IO_INSTRUCTION); people read "I/O instruction". @param {string} name */
export function exitName(name) {
  if (/^[A-Z0-9]+$/.test(name)) return name;
  return EXIT_WORDS[name] ?? name;
}
/** @type {Record<string, string>} */
const EXIT_WORDS = { CR_ACCESS: 'MOV CR', DR_ACCESS: 'MOV DR' };

/** A value with what it means: exit reason 10 is CPUID, 10480 may be exit_handler. @param {string} hex @param {Map<string, string>} symbols */
export function symbolAt(hex, symbols) {
  return symbols.get(hex) ?? '';
}

/** Address to the symbol there: of several the one that begins something, not the end of what came before, nor a local one. @param {Record<string, string>} symbols */
export function symbolsByAddress(symbols) {
  const rank = (/** @type {string} */ name) => (name.includes('.') ? 2 : 0) + (name.endsWith('_end') && name.slice(0, -4) in symbols ? 1 : 0);
  /** @type {Map<string, string>} */
  const names = new Map();
  for (const [name, address] of Object.entries(symbols)) {
    const known = names.get(address);
    if (known === undefined || rank(known) > rank(name)) names.set(address, name);
  }
  return names;
}

/** Whether a value on the wire is zero. @param {string} hex */
export function isZero(hex) {
  return /^0*$/.test(hex);
}

/** `text` cut to what fits in `width` pixels at about `per` pixels a character. @param {string} text @param {number} width @param {number} [per] */
export function fit(text, width, per = 6.5) {
  const room = Math.max(1, Math.floor(width / per));
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`;
}

/** The same for the interface font, whose letters differ in width. @param {string} text @param {number} width @param {number} [per]  of a letter, on average */
export function fitWords(text, width, per = 6.5) {
  let kept = text;
  while (kept.length > 2 && letters(kept) * per > width) kept = `${kept.slice(0, -2)}…`;
  return kept;
}

/** How many average letters of the interface font are as wide as a text. @param {string} text */
export function letters(text) {
  return text.length + 0.6 * (text.match(/[mwMW…]/g)?.length ?? 0);
}

/** A field's value as people write it: numbers of reasons and errors and lengths are decimal in every book. @param {string} name @param {string} hex */
export function fieldValue(name, hex) {
  const value = parseInt(hex, 16);
  return DECIMAL.has(name) && value < 0x80000000 ? String(value) : hex;
}
const DECIMAL = new Set(['exit_reason', 'exit_instruction_length', 'vm_instruction_error', 'entry_instruction_length']);

/** An instruction as people write it: addresses without their leading zeros. @param {string} text */
export function instructionText(text) {
  return text.replace(/\b0+(?=[0-9a-fA-F]+h\b)/g, '');
}

/** A number of a port or an MSR: hexadecimal like everything else. @param {unknown} value */
export function hexadecimal(value) {
  return typeof value === 'number' ? value.toString(16) : String(value);
}

const VECTORS = ['#DE', '#DB', 'NMI', '#BP', '#OF', '#BR', '#UD', '#NM', '#DF', '9', '#TS', '#NP', '#SS', '#GP', '#PF', '15', '#MF', '#AC', '#MC', '#XM', '#VE', '#CP'];

/** An exception by its mnemonic, any other vector by its number. @param {number} vector */
export function vectorName(vector) {
  return VECTORS[vector] ?? String(vector);
}
