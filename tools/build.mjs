/**
 * Bundles the pages: static/js and static/css into static/dist (which git ignores).
 *
 * Names in dist are stable; manifest.json beside them gives each file's content hash, for cache-busting URLs. What pages share, and what they
 * load only when asked, lies in chunks/ under names that hold their hash; imports.json says which chunks a script needs at once.
 * The VMCS field table is read from vmviz/spec, so that the browser and the machine share one table: a module imports it
 * as `vmviz:spec`; languages/ has a script with the sentences of each language. `--watch` rebuilds on change; the sizes printed at the end are gzipped.
 *
 * Builds: the player, the pages around it, the words, and plain scripts that nothing shares. A file costs the browser a request, and a
 * shared module used by other sets of scripts would be a file of its own: so whatever the player loads later imports the player (`core`).
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
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

const languageFolder = join(root, 'vmviz/web/languages');
const languageNames = readdirSync(languageFolder).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5)).sort();
/** The sentences of a language, a key to each. @param {string} lang @returns {Record<string, string>} */
const sentences = (lang) => JSON.parse(readFileSync(join(languageFolder, `${lang}.json`), 'utf8'));
/** Pages of the server alone say these. */
const SERVER_ONLY = /^(about|glossary|home|onward|page|reference|search|teach)\./;

/** Sentences that few need, in scripts of their own (`more` in catalogue.js): when a learner drives, and the rules of VM entry and of the VMX instructions. @type {Record<string, RegExp>} */
const PARTS = { drive: /^drive\.(?!switch$|spoken$|say_first$)/, checks: /^(check|checks|check_state|vmx_guard)\./ };
const partOf = (/** @type {string} */ key) => Object.keys(PARTS).find((part) => PARTS[part].test(key)) ?? '';

/** The sentences of a part that scripts need, in a language; in English where it has none yet. @param {string} lang @param {string} part  empty: those of no part */
function catalogue(lang, part) {
  const own = sentences(lang);
  const all = { ...Object.fromEntries(Object.entries(sentences('en')).filter(([key]) => !(key.split('#')[0] in own || `${key.split('#')[0]}#other` in own))), ...own };
  return Object.fromEntries(Object.entries(all).filter(([key]) => !SERVER_ONLY.test(key) && partOf(key) === part));
}

/** A script that leaves words for catalogue.js, beside those that are there already. @param {string} lang @param {Record<string, string>} told */
const words = (lang, told) => `export const catalogue = ${JSON.stringify(told)}; Object.assign((globalThis.vmvizWords ??= {})['${lang}'] ??= {}, catalogue);`;

/** `vmviz:language/LANG`: leaves the sentences of a language for catalogue.js; `vmviz:language/PART-LANG`, those of a part. @type {esbuild.Plugin} */
const languages = {
  name: 'vmviz-languages',
  setup(build) {
    build.onResolve({ filter: /^vmviz:language\// }, ({ path }) => ({ path: path.split('/')[1], namespace: 'vmviz-language' }));
    build.onLoad({ filter: /.*/, namespace: 'vmviz-language' }, ({ path }) => {
      const part = Object.keys(PARTS).find((name) => path.startsWith(`${name}-`)) ?? '';
      const lang = part ? path.slice(part.length + 1) : path;
      return { contents: words(lang, catalogue(lang, part)), loader: 'js' };
    });
  },
};

/** What the player loads later shares all that the player has: it imports its core. @type {esbuild.Plugin} */
const core = {
  name: 'vmviz-core',
  setup(build) {
    /** @type {Set<string>} */
    const later = new Set();
    build.onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
      if (kind === 'dynamic-import') later.add(join(resolveDir, path));
      return undefined;
    });
    build.onLoad({ filter: /static\/js\/.*\.js$/ }, ({ path }) => (
      later.has(path) ? { contents: `import ${JSON.stringify(join(root, 'static/js/start.js'))};\n${readFileSync(path, 'utf8')}`, loader: 'js' } : undefined));
  },
};

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  minify: true,
  sourcemap: process.argv.includes('--watch'),
  format: 'esm',
  target: ['es2022', 'chrome110', 'firefox115', 'safari16'],
  outdir: 'static/dist',
  assetNames: 'fonts/[name]-[hash]',
  loader: { '.woff2': 'file' },
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};
/** @type {esbuild.BuildOptions} */
const plain = { ...options, format: 'iife', splitting: false };

/** @type {esbuild.BuildOptions[]} */
const builds = [
  { ...options, plugins: [spec, core], entryPoints: { main: 'static/js/main.js', embed: 'static/js/embed.js' } },
  { ...options, entryPoints: { home: 'static/js/home.js', preview: 'static/js/preview.js', player: 'static/css/player.css', page: 'static/css/page.css' } },
  { ...plain, entryPoints: { early: 'static/js/early.js' } },
  { ...options, splitting: false, plugins: [languages], entryPoints: Object.fromEntries(languageNames.flatMap((lang) => [lang, ...Object.keys(PARTS).map((part) => `${part}-${lang}`)]).map((name) => [`languages/${name}`, `vmviz:language/${name}`])) },
  // For the pages that hold our frames: any page can load them.
  { ...plain, charset: 'ascii', entryPoints: { resizer: 'static/js/host/resizer.js', element: 'static/js/host/element.js' } },
];

/** The chunks that each script needs before it can run, those of its chunks included. @param {esbuild.BuildResult[]} results */
function importsOf(results) {
  const outputs = Object.assign({}, ...results.map(({ metafile }) => metafile?.outputs ?? {}));
  /** @type {(path: string, found?: Set<string>) => Set<string>} */
  const below = (path, found = new Set()) => {
    for (const { path: other, kind } of outputs[path]?.imports ?? []) {
      if (kind !== 'import-statement' || found.has(other)) continue;
      found.add(other);
      below(other, found);
    }
    return found;
  };
  return Object.fromEntries(Object.keys(outputs).filter((path) => path.endsWith('.js') && outputs[path].entryPoint)
    .map((path) => [relative(dist, join(root, path)), [...below(path)].map((chunk) => relative(dist, join(root, chunk)))]));
}

/** @param {...esbuild.BuildResult} results */
function report(...results) {
  /** @type {Record<string, string>} */
  const manifest = {};
  for (const path of results.flatMap(({ metafile }) => Object.keys(metafile?.outputs ?? {}))) {
    const content = readFileSync(join(root, path));
    const name = relative(dist, join(root, path));
    manifest[name] = createHash('sha256').update(content).digest('hex').slice(0, 12);
    if (!/\.(js|css)$/.test(name)) continue;
    writeFileSync(join(dist, `${name}.gz`), gzipSync(content, { level: 9 }));
    writeFileSync(join(dist, `${name}.br`), brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    console.log(`${name.padEnd(12)} ${(gzipSync(content).length / 1024).toFixed(1)} KB gzipped`);
  }
  writeFileSync(join(dist, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  writeFileSync(join(dist, 'imports.json'), `${JSON.stringify(importsOf(results), null, 1)}\n`);
}

rmSync(join(dist, 'chunks'), { recursive: true, force: true });
if (!existsSync(dist)) mkdirSync(dist, { recursive: true });
if (process.argv.includes('--watch')) {
  /** @type {Map<number, esbuild.BuildResult>} */
  const made = new Map();
  for (const [number, build] of builds.entries()) {
    const told = { name: 'report', setup: (/** @type {esbuild.PluginBuild} */ { onEnd }) => onEnd((result) => {
      if (result.errors.length) return;
      made.set(number, result);
      if (made.size === builds.length) report(...made.values());
    }) };
    await (await esbuild.context({ ...build, plugins: [...build.plugins ?? [], told] })).watch();
  }
} else {
  report(...await Promise.all(builds.map((build) => esbuild.build(build))));
}
