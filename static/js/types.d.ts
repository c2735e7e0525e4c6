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
  current: boolean;
  launch: 'clear' | 'launched';
  fields: Record<string, string>;
  changed: Record<string, string>;
}
export interface LastExit { reason: number; name: string; step: number; rip: string; qualification?: string }
export interface Vm {
  state: string; vmcs?: string; exits: number; entries: number; bits?: number; last_exit?: LastExit;
}
export interface Transition { phase: number; of: number; vmcs?: string; reason?: number; name?: string }
export interface Scene {
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

export interface Lane { from: number; to: number; lane: string }
export interface ExitMark { step: number; vm: string; reason: number; name: string; rip?: string; qualification?: string; length?: number }
export interface Region { id: string; name: Record<string, string>; where: string; ring?: number }
export interface Outline {
  length: number;
  lanes: Lane[];
  exits: ExitMark[];
  entries: { step: number; vm: string; kind: string }[];
  failures?: { step: number; [field: string]: any }[];
  stops: { id: string; step: number; phase: number }[];
  vms: string[];
  phased?: Record<string, { of: string; names: string[] }>;
  regions?: Region[];
}
export interface Line { n: number; text: string; address?: string; bytes?: string }
export interface Listing { lines: Line[]; symbols: Record<string, string> }
export interface StopText { title: string; html: string }

export interface Boot {
  lesson: string; lang: string; prefix: string; outline: Outline;
  text: { title: string; intro?: string; stops: Record<string, StopText> };
}
export interface Frame { from: Position; position: Position; events: Event[]; delta: unknown }
export interface Snapshot { position: Position; length: number; scene: Scene; events: Event[] }

export type Tab = 'code' | 'registers' | 'vmcs' | 'exits';
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
  tab: Tab;
  vmcs: string;
  allFields: boolean;
  help: boolean;
  goTo: boolean;
  blank: boolean;
  letters: boolean;
  theme: 'auto' | 'light' | 'dark';
  width: number;
  height: number;
  stage: { width: number; height: number };
}
/** The words of one language: key and placeholders to a sentence. */
export type Translate = (key: string, params?: Record<string, unknown>) => string;
