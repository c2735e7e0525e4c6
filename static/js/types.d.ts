/** The shapes on the wire (docs/protocol.md) and of the store. Types only: nothing here exists at run time. */
export interface Position { step: number; phase: number }

export interface VmxOutcome { instruction: string; result: 'succeed' | 'fail_invalid' | 'fail_valid'; error?: number }
export interface NextInstruction { address: string; length: number; bytes: string; text: string }

export interface Processor {
  mode: 'off' | 'root' | 'non_root';
  vm?: string;
  cpl: number;
  bits: number;
  rip: string;
  activity: string;
  feature_control?: { locked: boolean; vmxon: boolean };
  vmxe?: boolean;
  vmxon_region?: string;
  current_vmcs?: string;
  outcome?: VmxOutcome;
  exits: number;
  entries: number;
  registers: Record<string, string>;
  changed: Record<string, string>;
  next?: NextInstruction;
}
export interface Vmcs {
  vm?: string;
  order?: number;
  active: boolean;
  processor?: number;
  current: boolean;
  launch: 'clear' | 'launched';
  fields: Record<string, string>;
  changed: Record<string, string>;
}
export interface LastExit { reason: number; name: string; step: number; rip: string; qualification?: string }
/** What kind of code a guest runs; `was`: before the last step, when that changed it. */
export interface Guest {
  mode: 'real' | 'virtual_8086' | 'protected' | 'compatibility' | '64_bit';
  paging: 'off' | '32_bit' | 'pae' | '4_level';
  ept: boolean;
  bits: number;
  was?: Pick<Guest, 'mode' | 'paging'>;
}
export interface Vm {
  state: string; vmcs?: string; exits: number; entries: number; guest?: Guest; last_exit?: LastExit;
}
export interface Transition { phase: number; of: number; vmcs?: string; reason?: number; name?: string }
export interface Scene {
  acting?: number;
  processors: Record<string, Processor>;
  vmcs: Record<string, Vmcs>;
  vms: Record<string, Vm>;
  console?: string;
  region?: string;
  entry?: Transition;
  exit?: Transition;
}
/** One of the typed events of docs/protocol.md; the fields depend on `type`. */
export interface Event { type: string; [field: string]: any }

export interface Lane { from: number; to: number; lane: string; processor?: number }
export interface ExitMark { step: number; vm: string; reason: number; name: string; rip?: string; qualification?: string; length?: number }
export interface Region { id: string; name: Record<string, string>; where: string; ring?: number; first?: string; end?: string }
export interface Outline {
  length: number;
  lanes: Lane[];
  exits: ExitMark[];
  entries: { step: number; vm: string; kind: string }[];
  failures?: { step: number; [field: string]: any }[];
  stops: { id: string; step: number; phase: number }[];
  questions?: Question[];
  driven?: number;
  vms: string[];
  phased?: Record<string, { of: string; names: string[] }>;
  regions?: Region[];
}
export interface Line { n: number; text: string; address?: string; bytes?: string }
export interface Listing { lines: Line[]; symbols: Record<string, string> }
export interface StopText { title: string; html: string }
/** A question of the lesson, asked at a position (docs/protocol.md, "Outline"). */
export interface Question { id: string; kind: 'choice' | 'several' | 'value' | 'place' | 'order'; step: number; phase: number; among: string[] }
export interface QuestionText { title: string; html: string; hints: string[]; answers: Record<string, { label?: string; html: string }> }
/** How the learner has fared with a question; `answer` when it was shown, `seen` where the machine answers. */
export interface Reply { given: string[]; tries: number; right: boolean; about: string; hints: number; answer: string[]; seen: Position | null }

/** What a learner who drives is asked at a position (docs/protocol.md, `drive`). */
export interface Point { id: string; step: number; phase: number; kind: 'control' | 'phase' | 'field'; asks?: string; choices: string[] }
export interface DriveReply { given: string; tries: number; right: boolean; about: string; answer: string; seen: Position | null }

/** A link in the visitor's words. */
export interface Way { words: string; url: string }
/** What the home page was given to start from. */
export interface HomeBoot {
  lang: string; prefix: string; words: Record<string, string>;
  lessons: { name: string; title: string; url: string; stops: string[]; questions: string[]; prerequisites: string[] }[];
  /** The lesson that the small picture shows, and the script of the picture's words. */
  picture?: { lesson: string; words: string };
}

export interface Boot {
  lesson: string; lang: string; theme: Theme; prefix: string; outline: Outline; start?: Snapshot;
  /** Which variant of how many is shown, and the seed in the address that chose it: 0 for the lesson as it is written. */
  seed: number; variant: number; variants: number;
  /** Where to go from the lesson's end. */
  onward?: { title: string; course: Way; next?: Way; last?: string };
  embed?: { controls: 'full' | 'min' | 'none'; origins: string[] };
  text: { lang: string; title: string; intro?: string; stops: Record<string, StopText>; questions?: Record<string, QuestionText> };
  /** The words by which a term is found in a text, in lower case, with the id of its term. */
  marks?: Record<string, string>;
}
export interface Frame { from: Position; position: Position; events: Event[]; delta: unknown }
export interface Snapshot { position: Position; length: number; scene: Scene; events: Event[] }

export type Theme = 'auto' | 'light' | 'dark' | 'contrast';
export type Tab = 'code' | 'registers' | 'vmcs' | 'memory' | 'tlb' | 'exits' | 'text';
/** Closer looks (looks.js): `address` as the learner chose it, "" follows RIP; `of` is what the rest answers. */
export interface Look {
  address: string; access: 'read' | 'write' | 'fetch'; reference: number; of: string;
  /** Empty: the translation; else which bitmap, or the MSR areas; `part` of it, `bit` around which, when the learner chose. */
  kind: '' | 'io' | 'msr' | 'vmread' | 'vmwrite' | 'areas'; part: string; bit?: number; tables?: any;
  /** The instruction that led here, from close, and the position that this was asked at. */
  close?: any; closeOf?: string;
  /** Whose translations and TLB: a number; empty for the processor that acted. */
  processor: string;
  walk?: any; bytes: string; at: string; old: string; tlb?: any;
}
export interface State {
  connection: 'connecting' | 'open' | 'lost' | 'taken';
  error: { code: string; params?: Record<string, unknown> } | null;
  notice: string;
  position: Position;
  length: number;
  scene: Scene | null;
  events: Event[];
  outline: Outline;
  listing: Listing;
  playing: boolean;
  speed: number;
  /** How close the picture is (model/level.js). */
  level: 'auto' | 'overview' | 'phases' | 'instruction';
  tab: Tab;
  /** Whose code the Code tab shows; `auto`: both, or where it is narrow that of who has control. */
  codeSide: 'auto' | 'both' | 'vmm' | 'guest';
  vmcs: string;
  allFields: boolean;
  search: string;
  onlyChanged: boolean;
  breakpoints: string[];
  /** Steps at whose beginning a breakpoint is met, the first ones. */
  hits: number[];
  bookmarks: Position[];
  zoom: { factor: number; from: number };
  look: Look;
  help: boolean;
  goTo: boolean;
  blank: boolean;
  /** What was changed, when the run shown is not the lesson's own. */
  fork: { at: Position; changes: object[][]; words: string } | null;
  /** By question; and what makes the order of answers this browser's own. */
  replies: Record<string, Reply>;
  seed: number;
  /** What a learner who drives is asked, and how it went; `reminded`: how often one went on without an answer. Null for others. */
  drive: { points: Point[]; replies: Record<string, DriveReply>; reminded: number } | null;
  letters: boolean;
  /** Large type and thick lines, for a hall. */
  large: boolean;
  theme: Theme;
  width: number;
  height: number;
  stage: { width: number; height: number };
}
/** The words of one language: key and placeholders to a sentence. */
/** A sentence by key; `number` writes an amount as the language does. */
export type Translate = ((key: string, params?: Record<string, unknown>) => string) & { number: (value: number) => string };
