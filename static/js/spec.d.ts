/** Written into the bundle by tools/build.mjs from vmviz/spec: [name, encoding in hexadecimal, group] of every VMCS field. */
declare module 'vmviz:spec' {
  export const VMCS_FIELDS: [string, string, string][];
}
