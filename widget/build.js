/** Builds, checks and weighs `dist/`: `node build.js [--check | --size]`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

/** The script, gzipped, without the parts that it loads when needed; the promise made in README.md. */
const LIMIT = 13_000;
const PARTS = ['doctor', 'markup', 'shops', 'stream', 'extras'];
const { version } = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'));
const TYPES = mkdtempSync(join(tmpdir(), 'tactful-types-'));
/** What strict pages block, so what the bundle must never hold. */
const FORBIDDEN = /innerHTML|outerHTML|insertAdjacentHTML|\beval\b|new Function|document\.write/;

/** Style sheets become minified strings: esbuild leaves text alone. */
const css = {
  name: 'css',
  /** @param {import('esbuild').PluginBuild} at */
  setup(at) {
    at.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), {
        loader: 'css',
        minify: true,
        target: 'es2022',
      });
      return { contents: code.trim().replace(/([,:]) /g, '$1'), loader: 'text' };
    });
  },
};

/** Properties that only our own modules share: never on the wire, never the page's. */
const INTERNAL = [
  'acknowledge',
  'again',
  'aside',
  'ask',
  'askCart',
  'broken',
  'button',
  'call',
  'cartChanged',
  'changed',
  'conclude',
  'drop',
  'endsAt',
  'forget',
  'hear',
  'heardLayer',
  'hello',
  'inline',
  'keep',
  'keeps',
  'limit',
  'listed',
  'load',
  'look',
  'may',
  'moved',
  'offerUrl',
  'own',
  'products',
  'put',
  'rewind',
  'save',
  'say',
  'selected',
  'sent',
  'show',
  'since',
  'soon',
  'status',
  'stay',
  'strings',
  'suspend',
  'take',
  'tell',
  'theme',
  'tick',
  'wake',
  'welcomed',
  'wire',
  'words',
];

const shared = {
  bundle: true,
  minify: true,
  write: false,
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: import.meta.dirname,
  define: { VERSION: JSON.stringify(version) },
  mangleProps: new RegExp(`^(${INTERNAL.join('|')})$`),
};

/**
 * A second minifier inlines what the first leaves: about one byte in twenty after gzip.
 * @param {string} code
 */
async function squeeze(code) {
  const { code: small } = await minify(code, {
    ecma: 2020,
    toplevel: true,
    compress: {
      passes: 4,
      unsafe: true,
      unsafe_arrows: true,
      pure_getters: true,
      hoist_funs: true,
    },
  });
  return /** @type {string} */ (small);
}

/** The pinned file has all parts in it and loads nothing. */
const allParts = {
  name: 'all parts',
  /** @param {import('esbuild').PluginBuild} at */
  setup(at) {
    at.onResolve({ filter: /\/parts\.js$/ }, () => ({
      path: join(import.meta.dirname, 'src/parts/all.js'),
    }));
  },
};

/** @type {Record<string, string | false>} the short names of INTERNAL, alike in core and parts */
let mangleCache = {};

/**
 * @param {string} entry
 * @param {'iife' | 'esm'} format
 * @param {import('esbuild').Plugin[]} [plugins]
 * @returns {Promise<string>} the minified bundle
 */
async function bundle(entry, format, plugins = []) {
  const built = await build({
    ...shared,
    mangleCache,
    plugins: [css, ...plugins],
    entryPoints: [`src/${entry}.js`],
    format,
  });
  mangleCache = built.mangleCache ?? {};
  return built.outputFiles[0].text;
}

/** @returns {Promise<[string, string][]>} each output file and its text */
async function outputs() {
  const core = await squeeze(await bundle('index', 'iife'));
  const pinned = await squeeze(await bundle('index', 'iife', [allParts]));
  /** @type {[string, string][]} */
  const parts = [];
  for (const name of PARTS) {
    const text = await squeeze(await bundle(`parts/${name}`, 'esm'));
    parts.push([`dist/v${version}-${name}.js`, text]);
  }
  const module = await bundle('npm', 'esm');
  const types = spawnSync('npx', ['tsc', '-p', 'tsconfig.types.json', '--outDir', TYPES], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  if (types.status) throw new Error(types.stdout);
  return [
    ['dist/v1.js', core],
    ...parts,
    // For pages that pin the script by its hash: this file never changes under its name.
    [`dist/v${version}.js`, pinned],
    ['dist/index.js', module],
    ['dist/index.d.ts', await readFile(join(TYPES, 'npm.d.ts'), 'utf8')],
  ];
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

const mode = process.argv[2];
for (const [path, text] of await outputs()) {
  const file = new URL(path, import.meta.url);
  if (FORBIDDEN.test(text))
    fail(`${path} holds ${text.match(FORBIDDEN)}, which strict pages block`);
  if (mode === '--check') {
    const committed = await readFile(file, 'utf8').catch(() => '');
    if (committed !== text) fail(`${path} does not match its sources: run npm run build`);
  } else if (mode === '--size') {
    if (!/v[^/]*\.js$/.test(path)) continue;
    const gzip = gzipSync(text, { level: 9 }).length;
    const brotli = brotliCompressSync(text).length;
    const core = path.endsWith('v1.js');
    const limit = core ? ` (limit ${LIMIT})` : '';
    console.log(`${path}: ${gzip} bytes gzip${limit}, ${brotli} brotli, ${text.length} plain`);
    if (core && gzip > LIMIT) fail(`${path} is ${gzip - LIMIT} bytes over the limit`);
  } else {
    await writeFile(file, text);
  }
}
