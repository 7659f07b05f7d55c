/** Holds the repository to its own order: layers, loops, names, and what may lie where. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';
import { type Lockfile, missingPackages } from '../scripts/complete-lockfile.ts';
import { type ModuleImport, readSource, type Source } from './module-imports.ts';

/** npm packages and Node's modules → why; `node:*` is all of Node's. */
type Packages = Readonly<Record<string, string>>;

interface Layer {
  readonly folder: string;
  /** Layers that it may import, itself aside. */
  readonly layers: readonly string[];
  /** Layers of which it may import types alone. */
  readonly types?: readonly string[];
  /** Single modules of other layers → why. */
  readonly modules?: Readonly<Record<string, string>>;
  readonly packages: Packages;
  /** Single files that may import other packages as well. */
  readonly packagesOf?: Readonly<Record<string, Packages>>;
  /** It may not reach for clock, randomness, network, process or console. */
  readonly isPure: boolean;
  /** What to do instead of an import that is not allowed. */
  readonly instead: string;
}

const zodReason = 'what comes from outside is unknown until it has been parsed';

const layers: readonly Layer[] = [
  {
    folder: 'engine/core',
    layers: [],
    packages: {
      zod: zodReason,
      graphology: 'the graph of components',
      'graphology-dag': 'its order and its cycles',
      tinyqueue: 'the queue of ready actions',
      'fastest-levenshtein': 'the nearest name, for messages',
      '@napi-rs/blake-hash': 'digests',
      canonicalize: 'canonical JSON (RFC 8785), for keys',
      'node:zlib': 'CRC-32 and deflate of the members of an NPZ: arithmetic alone',
    },
    isPure: true,
    instead: 'Decide here and act in engine/run, through a seam of engine/io.',
  },
  {
    folder: 'engine/io',
    layers: ['engine/core'],
    packages: {
      'node:*': 'this layer is where the world begins',
      piscina: 'CPU workers',
      'fluent-ffmpeg': 'the command line of ffmpeg',
      'onnxruntime-node': 'runs models, and says what is in their files',
      protobufjs: 'the encoding of ONNX files',
      esbuild: 'rules as bundles, whose digest is the digest of the rule',
      'xxhash-wasm': 'whether a file has changed; never a name of content',
      zod: 'what ffprobe says comes from outside',
    },
    isPure: false,
    instead: 'Let engine/run or engine/cli pass in what is needed.',
  },
  {
    folder: 'cache',
    layers: ['engine/core', 'engine/io'],
    packages: {
      '@aws-sdk/client-s3': 'buckets',
      'node:crypto': 'signatures of writers',
      'node:path': 'names of blobs',
      'node:zlib': 'zstd, for what is sent',
      zod: zodReason,
    },
    isPure: false,
    instead: 'Reach the disk through the `Disk` of engine/io.',
  },
  {
    folder: 'rules',
    layers: ['engine/core'],
    packages: {
      zod: 'declares params',
      '@jsquash/jpeg': 'pictures as JPEG: arithmetic alone, the same bytes everywhere',
    },
    packagesOf: {
      'rules/dsp/jpeg.ts': {
        'node:fs': 'the WebAssembly of @jsquash/jpeg, which a digest of the rule vouches for',
      },
    },
    isPure: true,
    instead: 'Reach the world through what `run` is given: inputs, params, `media`, `program`.',
  },
  {
    folder: 'engine/run',
    layers: ['engine/core'],
    types: ['engine/io'],
    modules: {
      'engine/io/disk.ts': 'functions over the `Disk` that they are given',
      'engine/io/hash-file.ts': 'the digest of a delivered file, before it is trusted',
      'engine/io/perform.ts': 'actions of rules that ask for the thread of the engine',
    },
    packages: {
      'node:path': 'where results lie',
      'node:timers/promises': 'the pause before a retry',
    },
    isPure: false,
    instead: 'Ask engine/core what is next, and take the seams of engine/io as arguments.',
  },
  {
    folder: 'engine/cli',
    layers: ['engine/core', 'engine/io', 'engine/run', 'cache'],
    packages: {
      'node:*': 'the one place that knows every part',
      '@dagrejs/dagre': 'where the boxes of a drawn graph lie',
      ink: 'views on a terminal',
      react: 'what ink draws',
      chokidar: 'changes of files, for the watch',
      commander: 'the command line',
      esbuild: 'whether it runs on this machine, for `flow doctor`',
      '@opentelemetry/api': 'what a span is',
      '@opentelemetry/sdk-trace': 'spans of a build, where OTEL_* variables ask for them',
      '@opentelemetry/exporter-trace-otlp-http': 'their way to a collector',
      '@opentelemetry/resources': 'what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say',
      yaml: 'graphs, profiles and flow.yaml, with the places of what is wrong in them',
      zod: zodReason,
    },
    isPure: false,
    instead: 'Rules are found by the registry, never named.',
  },
];

/** Free to all: they state what must hold. */
const freePackages = ['node:assert', 'node:assert/strict'];

const worldlyGlobals = new Set(
  (
    'process performance fetch setTimeout setInterval setImmediate queueMicrotask crypto console navigator ' +
    'Date Date.now Math.random globalThis WebSocket XMLHttpRequest require'
  ).split(' '),
);

const topLevel = [
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE'],
  ...['engine', 'rules', 'profiles', 'graphs', 'cache', 'scripts', 'test', 'docs'],
];

const notKebab: Readonly<Record<string, string>> = {
  'scripts/make_sample.ts': 'its name was given by the users',
};

const barrels: Readonly<Record<string, string>> = {
  'engine/core/api.ts': "what rules import as 'flow': its list of names is the point of it",
};

const root = resolve(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = new Map<string, Source>(
  tracked
    .filter((file) => file.endsWith('.ts') && !file.startsWith('docs/'))
    .map((file) => [file, readSource(root, file)]),
);

function layerOf(file: string): Layer | undefined {
  return layers.find(({ folder }) => file.startsWith(`${folder}/`));
}

function isAllowed(layer: Layer, from: string, { specifier, file, isType }: ModuleImport): boolean {
  if (file === undefined)
    return isPackageAllowed({ ...layer.packages, ...layer.packagesOf?.[from] }, specifier);
  const target = layerOf(file);
  if (!target) return false;
  if (target === layer || layer.layers.includes(target.folder)) return true;
  return (isType && (layer.types ?? []).includes(target.folder)) || file in (layer.modules ?? {});
}

function isPackageAllowed(packages: Packages, specifier: string): boolean {
  if (packageOf(specifier) in packages) return true;
  return specifier.startsWith('node:') && (freePackages.includes(specifier) || 'node:*' in packages);
}

/** `@a/b` of `@a/b/c`; Node's modules are packages by themselves. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  const [first, second] = specifier.split('/');
  return first!.startsWith('@') ? `${first}/${second}` : first!;
}

function assertNone(found: readonly string[]): void {
  assert.ok(found.length === 0, `\n${found.join('\n')}`);
}

test('every layer imports only what its row in the table allows', () => {
  const faults = [...sources.values()].flatMap(({ file, imports }) => {
    const layer = layerOf(file);
    if (!layer) return [];
    return imports
      .filter((one) => !isAllowed(layer, file, one))
      .map(
        ({ specifier, line }) =>
          `${file}:${line}: ${layer.folder}/ may not import "${specifier}". ${layer.instead}`,
      );
  });
  assertNone(faults);
});

test('the pure layers touch no clock, randomness, network, process or console', () => {
  const faults = [...sources.values()].flatMap(({ file, globals }) => {
    const layer = layerOf(file);
    if (!layer?.isPure) return [];
    return globals
      .filter(({ name }) => worldlyGlobals.has(name))
      .map(({ name, line }) => `${file}:${line}: ${layer.folder}/ may not use \`${name}\`. ${layer.instead}`);
  });
  assertNone(faults);
});

test('every row and exception of the table is in use', () => {
  const used = new Set<string>();
  for (const { file, imports } of sources.values()) {
    const { folder } = layerOf(file) ?? {};
    for (const { specifier, file: target } of imports)
      for (const importer of [folder, file]) used.add(`${importer} ${target ?? packageOf(specifier)}`);
  }
  const rows = layers.flatMap(({ folder, modules = {}, packages, packagesOf = {} }) => [
    ...Object.keys({ ...modules, ...packages }).map((name) => [folder, name] as const),
    ...Object.entries(packagesOf).flatMap(([file, more]) =>
      Object.keys(more).map((name) => [file, name] as const),
    ),
  ]);
  const stale = rows
    .filter(([importer, name]) => name !== 'node:*' && !used.has(`${importer} ${name}`))
    .map(([importer, name]) => `${importer} imports "${name}" nowhere: remove it from the table.`);
  assertNone(stale);
});

test('imports form no loop, not even among the files of one folder', () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      const loop = [...path.slice(path.indexOf(file)), file];
      const line = sources.get(path.at(-1)!)!.imports.find((one) => one.file === file)!.line;
      assert.fail(
        `${path.at(-1)}:${line}: closes a loop: ${loop.join(' → ')}. Move what both need to a third file.`,
      );
    }
    if (done.has(file)) return;
    for (const { file: target } of sources.get(file)?.imports ?? [])
      if (target) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of sources.keys()) visit(file, []);
});

test('every relative import leads to a file of the repository', () => {
  const faults = [...sources.values()].flatMap(({ file, imports }) =>
    imports
      .filter((one) => one.file !== undefined && !sources.has(one.file))
      .map(
        ({ specifier, line }) => `${file}:${line}: "${specifier}" leads to no source file of the repository.`,
      ),
  );
  assertNone(faults);
});

test('nothing but tests and chores imports tests and chores', () => {
  const faults = [...sources.values()].flatMap(({ file, imports }) =>
    imports
      .filter((one) => /^(test|scripts)\//.test(one.file ?? '') && !/^(test|scripts)\//.test(file))
      .map(({ specifier, line }) => `${file}:${line}: imports "${specifier}" of test/ or scripts/.`),
  );
  assertNone(faults);
});

test('source files are named in kebab-case, for one thing each', () => {
  const faults = [...sources.keys()].flatMap((file) => {
    const name = file.slice(file.lastIndexOf('/') + 1);
    if (/^(utils?|helpers?|types?|common|misc|index)\.(test\.)?ts$/.test(name) && file !== 'rules/index.ts')
      return [`${file}: this name says nothing: name the file for what it holds.`];
    if (/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/.test(name) || file in notKebab) return [];
    return [`${file}: write the name in kebab-case, for the first export.`];
  });
  assertNone(faults);
});

test('no module is a barrel', () => {
  const faults = [...sources.values()]
    .filter(({ file, isBarrel }) => isBarrel && !(file in barrels))
    .map(({ file }) => `${file}: only passes on what others export: import from them instead.`);
  assertNone(faults);
});

test('the top level holds what it should and nothing else', () => {
  const found = new Set(tracked.map((file) => file.split('/')[0]!).filter((name) => !name.startsWith('.')));
  assert.deepEqual([...found].sort(), [...topLevel].sort());
});

test('graphs and profiles are YAML alone', () => {
  const faults = tracked.filter((file) => /^(graphs|profiles)\//.test(file) && !file.endsWith('.yaml'));
  assertNone(faults.map((file) => `${file}: only .yaml files belong here.`));
});

test('no file names a path of one machine or an assistant', () => {
  // In pieces, so that this file does not name them.
  const machine = [
    '/wo' + 'rk/',
    '/ro' + 'ot/',
    '/ho' + 'me/[a-z]',
    '/Us' + 'ers/[A-Za-z]',
    '[A-Z]:\\\\Us' + 'ers',
  ];
  const assistants = ['cla' + 'ude', 'anth' + 'ropic', 'chat' + 'gpt', 'cop' + 'ilot'];
  const machinePath = new RegExp(`(^|[\\s"'\`(=:])(${machine.join('|')})`);
  const assistant = new RegExp(`\\b(${assistants.join('|')})`, 'i');
  const faults = tracked
    .filter((file) => !/\.(png|npz|mp4|wav)$/.test(file) && file !== 'package-lock.json')
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((text, index) => {
          if (machinePath.test(text)) return [`${file}:${index + 1}: names a path of one machine.`];
          return assistant.test(text) ? [`${file}:${index + 1}: names an assistant.`] : [];
        }),
    );
  assertNone(faults);
});

test('the lockfile knows the optional packages of every system', () => {
  const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lockfile;
  const missing = Object.keys(missingPackages(lockfile));
  assertNone(missing.map((name) => `package-lock.json: lacks ${name}: run \`npm run lockfile\`.`));
});
