import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

/** What each lib may import: the table of docs/architecture.md. `x/reads` is the narrow entry of lib x. */
const LIBS: Record<string, readonly string[]> = {
  kernel: [],
  contracts: ['kernel'],
  config: ['kernel'],
  telemetry: ['kernel', 'config'],
  process: ['kernel', 'config'],
  database: ['kernel', 'config', 'telemetry'],
  messaging: ['kernel', 'contracts', 'config', 'telemetry', 'database'],
  storage: ['kernel', 'config', 'telemetry', 'database'],
  access: ['kernel', 'contracts', 'config', 'telemetry', 'database', 'messaging', 'storage'],
  datasets: ['PLATFORM', 'access'],
  tracking: ['PLATFORM', 'access', 'reads/datasets'],
  training: ['PLATFORM', 'access', 'reads/tracking', 'reads/datasets'],
  registry: ['PLATFORM', 'access', 'reads/tracking', 'reads/datasets', 'reads/training'],
  deployment: ['PLATFORM', 'access', 'reads/registry'],
  automation: ['PLATFORM', 'access'],
  lineage: ['PLATFORM', 'access'],
  'engine-tfjs': ['kernel', 'contracts'],
  'engine-onnx': ['kernel', 'contracts'],
  host: ['PLATFORM', 'access', 'DOMAINS', 'READS'],
  testing: ['ANY'],
};
const PLATFORM = ['kernel', 'contracts', 'config', 'telemetry', 'process', 'database', 'messaging', 'storage'];
const DOMAINS = ['datasets', 'tracking', 'training', 'registry', 'deployment', 'automation', 'lineage'];
const ENGINE_APPS = ['inference', 'training-runner', 'model-registry', 'cli'];

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
  readonly isTest: boolean;
}

const sources: Source[] = ['libs', 'apps'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const path = join(root, name);
      const text = readFileSync(path, 'utf8');
      const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
      return { path, text, imports, isTest: /(\.test|\.contract|\/testing[\w-]*|testing\/.*)\.ts$/.test(path) };
    }),
);
const code = sources.filter((source) => !source.isTest);
const libOf = (path: string) => (path.startsWith('libs/') ? path.split('/')[1]! : undefined);
const appOf = (path: string) => (path.startsWith('apps/') ? path.split('/')[1]! : undefined);

function allowed(lib: string): Set<string> {
  const set = new Set<string>();
  for (const name of LIBS[lib]!) {
    if (name === 'PLATFORM') PLATFORM.forEach((item) => set.add(item));
    else if (name === 'DOMAINS') DOMAINS.forEach((item) => set.add(item));
    else if (name === 'READS') DOMAINS.forEach((item) => set.add(`reads/${item}`));
    else set.add(name);
  }
  return set;
}

const offenders = (find: (source: Source) => readonly string[], among = code) =>
  among.flatMap((source) => find(source).map((what) => `${source.path}: ${what}`));

describe('the house', () => {
  test('every lib is in the table', () => {
    expect(readdirSync('libs').filter((name) => !(name in LIBS))).toEqual([]);
    expect(code.length).toBeGreaterThan(200);
  });

  test('arrows between libs point only down the table', () => {
    const found = offenders((source) => {
      const lib = libOf(source.path);
      if (!lib || LIBS[lib]!.includes('ANY')) return [];
      const may = allowed(lib);
      return source.imports
        .filter((name) => name.startsWith('#'))
        .map((name) => name.slice(1))
        .filter((name) => name !== lib && !may.has(name));
    });
    expect(found).toEqual([]);
  });

  test('relative imports stay inside their lib or app; only platform imports other apps, and the cli the platform', () => {
    const found = offenders((source) => {
      const home = source.path.split('/').slice(0, 2).join('/');
      return source.imports
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(source.path), name)))
        .filter((target) => !target.startsWith(`${home}/`))
        .filter((target) => !(home === 'apps/platform' && target.startsWith('apps/')))
        .filter((target) => !(home === 'apps/cli' && target.startsWith('apps/platform/')));
    });
    expect(found).toEqual([]);
  });

  test('no import cycle between files', () => {
    const graph = new Map(code.map((source) => [source.path, runtimeTargets(source)]));
    expect(findCycle(graph)).toEqual([]);
  });

  test('technologies stay in their rooms', () => {
    const found = offenders((source) => {
      const lib = libOf(source.path);
      const app = appOf(source.path);
      const inStore = /\.(store|view|entities)\.ts$|\/reads\.ts$/.test(source.path);
      return source.imports.filter((name) => {
        if (name === 'bullmq' || name === '@nestjs/bullmq') return lib !== 'messaging';
        if (name === '@nestjs/graphql' || name === '@nestjs/apollo') return app !== 'api';
        if (name === 'minio') return lib !== 'storage';
        if (name.startsWith('@tensorflow/')) return lib !== 'engine-tfjs';
        if (name === 'onnxruntime-node') return lib !== 'engine-onnx';
        if (name === '@duckdb/node-api') return app !== 'dataset-registry';
        if (name === '#engine-tfjs' || name === '#engine-onnx')
          return !(app && ENGINE_APPS.includes(app)) && !lib?.startsWith('engine-');
        return name === 'typeorm' && lib !== undefined && DOMAINS.includes(lib) && !inStore && !isReader(source);
      });
    });
    expect(found).toEqual([]);
  });

  test('only config reads the environment', () => {
    expect(
      offenders((source) => (/process\.env\b/.test(source.text) && libOf(source.path) !== 'config' ? ['process.env'] : [])),
    ).toEqual([]);
  });

  test('public entries name what they export', () => {
    expect(offenders((source) => (/export \*/.test(source.text) ? ['export *'] : []))).toEqual([]);
  });

  test('a domain knows no transport', () => {
    const found = offenders((source) =>
      libOf(source.path) && libOf(source.path) !== 'host'
        ? source.imports.filter((name) => ['graphql', 'fastify', '@nestjs/platform-fastify', '@nestjs/apollo'].includes(name))
        : [],
    );
    expect(found).toEqual([]);
  });

  test('a constructor takes at most eight collaborators', () => {
    const found = offenders((source) =>
      [...source.text.matchAll(/constructor\(([^{]*?)\)\s*\{/gs)]
        .filter((match) => (match[1]!.match(/(private|readonly|public|protected) /g) ?? []).length > 16)
        .map((match) => match[1]!.slice(0, 80)),
    );
    expect(found).toEqual([]);
  });

  test('files age well: none over 400 lines', () => {
    expect(
      offenders((source) => (source.text.split('\n').length > 400 ? [`${source.text.split('\n').length} lines`] : [])),
    ).toEqual([]);
  });
});

/** Services that read their own tables outside a transaction (the attempt's token). */
function isReader(source: Source): boolean {
  return ['libs/training/src/attempts.service.ts'].includes(source.path);
}

function runtimeTargets(source: Source): string[] {
  const withoutTypes = source.text.replaceAll(/import type [^;]+;/g, '');
  const names = [...withoutTypes.matchAll(/from\s*'(\.[^']+|#[^']+)'/g)].map((match) => match[1]!);
  return names.flatMap((name) => {
    if (name.startsWith('.')) return [normalize(join(dirname(source.path), name.replace(/\.js$/, '.ts')))];
    const reads = /^#reads\/(.+)$/.exec(name);
    return [reads ? `libs/${reads[1]}/src/reads.ts` : `libs/${name.slice(1)}/src/index.ts`];
  });
}

function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const state = new Map<string, 'open' | 'done'>();
  const visit = (node: string, path: readonly string[]): string[] => {
    if (state.get(node) === 'open') return [...path.slice(path.indexOf(node)), node].map((name) => relative('.', name));
    if (state.get(node) === 'done') return [];
    state.set(node, 'open');
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle.length) return cycle;
    }
    state.set(node, 'done');
    return [];
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle.length) return cycle;
  }
  return [];
}
