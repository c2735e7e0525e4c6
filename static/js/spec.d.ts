/** Written into the bundle by tools/build.mjs from vmviz/spec: [name, encoding in hexadecimal, group] of every VMCS field. */
declare module 'vmviz:spec' {
  export const VMCS_FIELDS: [string, string, string][];
}

declare module '*.css';

/** Left by the script of a language (tools/build.mjs): its sentences, a key to each. */
declare var vmvizWords: Record<string, Record<string, string>> | undefined;
