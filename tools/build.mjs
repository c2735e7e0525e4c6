/**
 * Bundles the pages: static/js and static/css into static/dist (which git ignores).
 *
 * Names in dist are stable; manifest.json beside them gives each file's content hash, for cache-busting URLs.
 * The VMCS field table is read from vmviz/spec, so that the browser and the machine share one table: a module imports it
 * as `vmviz:spec`. `--watch` rebuilds on change; the sizes printed at the end are gzipped.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'static/dist');

/** The path of a CSV table below vmviz/spec, wherever in there it lives. @param {string} name */
function specTable(name) {
  const below = readdirSync(join(root, 'vmviz/spec'), { recursive: true }).map(String);
  const found = below.find((path) => path.endsWith(name));
  if (!found) throw new Error(`vmviz/spec has no ${name}; the VMCS tab needs it`);
  return join(root, 'vmviz/spec', found);
}

/** [name, encoding, group] of every VMCS field; the last columns, with commas inside, are not needed. */
function vmcsFields() {
  const [, ...rows] = readFileSync(specTable('vmcs_fields.csv'), 'utf8').trim().split(/\r?\n/);
  return rows.map((row) => row.split(',')).map(([encoding, name, , , group]) => [
    name, encoding.replace(/^0x/i, '').toLowerCase(), group.replace(/^(guest|host)_state.*/, '$1_state')]);
}

/** @type {esbuild.Plugin} */
const spec = {
  name: 'vmviz-spec',
  setup(build) {
    build.onResolve({ filter: /^vmviz:spec$/ }, () => ({ path: 'vmcs_fields', namespace: 'vmviz-spec' }));
    build.onLoad({ filter: /.*/, namespace: 'vmviz-spec' }, () => (
      { contents: `export const VMCS_FIELDS = ${JSON.stringify(vmcsFields())};`, loader: 'js' }));
  },
};

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: root,
  entryPoints: {
    main: 'static/js/main.js', home: 'static/js/home.js', player: 'static/css/player.css', page: 'static/css/page.css',
  },
  bundle: true,
  minify: true,
  sourcemap: process.argv.includes('--watch'),
  format: 'esm',
  target: ['es2022', 'chrome110', 'firefox115', 'safari16'],
  outdir: 'static/dist',
  assetNames: 'fonts/[name]-[hash]',
  loader: { '.woff2': 'file' },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  plugins: [spec],
};

/** @param {esbuild.BuildResult} result */
function report(result) {
  /** @type {Record<string, string>} */
  const manifest = {};
  for (const path of Object.keys(result.metafile?.outputs ?? {})) {
    const content = readFileSync(join(root, path));
    const name = relative(dist, join(root, path));
    manifest[name] = createHash('sha256').update(content).digest('hex').slice(0, 12);
    if (/\.(js|css)$/.test(name)) console.log(`${name.padEnd(12)} ${(gzipSync(content).length / 1024).toFixed(1)} KB gzipped`);
  }
  writeFileSync(join(dist, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
}

if (!existsSync(dist)) mkdirSync(dist, { recursive: true });
if (process.argv.includes('--watch')) {
  const context = await esbuild.context({
    ...options, plugins: [spec, { name: 'report', setup: (build) => build.onEnd((result) => { if (!result.errors.length) report(result); }) }],
  });
  await context.watch();
} else {
  report(await esbuild.build(options));
}
