// Scenarios of the registry and of artifacts.
import { NotServed } from './client.mjs';
import { comparer, file, API } from './seed.mjs';
import { prepared } from './scenario.mjs';
import { modelName, MODELS, versionBody, VERSIONS } from './setup.mjs';

const BOTH = [1, 16];
const MIB = 2 ** 20;

export const registryScenarios = [
  { name: 'create model', at: BOTH, mlflow: 3, make: createModel },
  { name: 'create version', at: BOTH, mlflow: 3, make: createVersion },
  { name: 'search versions 100', at: BOTH, mlflow: 3, make: searchVersions },
  { name: 'set alias', at: BOTH, mlflow: 3, make: setAlias },
  { name: 'get by alias', at: BOTH, mlflow: 3, make: getByAlias },
];

export const artifactScenarios = [1, 64].flatMap((mib) => [
  { name: `artifact up, ${mib} MiB`, at: BOTH, mlflow: 2, make: (setup, c) => upload(setup, c, mib * MIB) },
  { name: `artifact down, ${mib} MiB`, at: BOTH, mlflow: 2, make: (setup, c) => download(setup, c, mib * MIB) },
]);

async function createModel(setup, c) {
  await setup.models();
  const name = (i) => `new-${c}-${i}`;
  const bodyOf = prepared(2000, (i) => JSON.stringify({ name: name(i) }));
  return {
    op: (client, i) => client.ok('POST', `${API}registered-models/create`, bodyOf(i)),
    check: ({ registered_model: model }, i) => (model.name === name(i) ? undefined : `model ${model.name}`),
  };
}

/** Spread over all models but the first, whose versions are searched. */
async function createVersion(setup) {
  await setup.models();
  const bodies = Array.from({ length: MODELS - 1 }, (_, n) => versionBody(modelName(n + 1)));
  const seen = new Set();
  return {
    op: (client, i) => client.ok('POST', `${API}model-versions/create`, bodies[i % bodies.length]),
    check: ({ model_version: { name, version } }) => {
      const key = `${name}/${version}`;
      if (seen.has(key)) return `${key} twice`;
      seen.add(key);
      return /^\d+$/.test(version) ? undefined : `version ${version}`;
    },
  };
}

async function searchVersions(setup) {
  await setup.models();
  const path = `${API}model-versions/search?filter=${encodeURIComponent(`name='${modelName(0)}'`)}&max_results=${VERSIONS.first}`;
  const check = ({ model_versions: found = [] }) => {
    const numbers = new Set(found.map(({ name, version }) => (name === modelName(0) ? Number(version) : 0)));
    for (let n = 1; n <= VERSIONS.first; n++) if (!numbers.has(n)) return `version ${n} is not there`;
    return found.length === VERSIONS.first ? undefined : `${found.length} versions`;
  };
  return { op: (client) => client.ok('GET', path), check };
}

async function setAlias(setup, c) {
  await setup.models();
  const version = (i) => (i % VERSIONS.first) + 1;
  const bodyOf = prepared(3000, (i) =>
    JSON.stringify({ name: modelName(0), alias: `alias-${c}-${i % 16}`, version: String(version(i)) }),
  );
  const after = async (n) => {
    const path = `${API}registered-models/alias?name=${modelName(0)}&alias=alias-${c}-${(n - 1) % 16}`;
    const { model_version: found } = await setup.client.json('GET', path);
    // with 16 at once the last two of one alias may have changed places
    return [n - 1, n - 17].some((i) => found.version === String(version(i))) ? undefined : `the alias points to ${found.version}`;
  };
  return { op: (client, i) => client.ok('POST', `${API}registered-models/alias`, bodyOf(i)), after };
}

async function getByAlias(setup) {
  await setup.models();
  const path = `${API}registered-models/alias?name=${modelName(0)}&alias=fixed`;
  return {
    op: (client) => client.ok('GET', path),
    check: ({ model_version: { name, version } }) =>
      name === modelName(0) && version === '50' ? undefined : `${name}/${version}`,
  };
}

async function folder(setup) {
  const { artifactUri } = await setup.writers();
  const at = /^mlflow-artifacts:\/+(.+)$/.exec(artifactUri)?.[1];
  if (!at) throw new NotServed(`clients are sent to ${artifactUri}`);
  return `/api/2.0/mlflow-artifacts/artifacts/${at}`;
}

const fileName = (size, c, i) => `f${size / MIB}-${c}-${i}`;
const OCTETS = { type: 'application/octet-stream' };

async function upload(setup, c, size) {
  const base = await folder(setup);
  setup.files ??= new Map();
  const large = size > 8 * MIB;
  return {
    op: async (client, i) => {
      const name = fileName(size, c, i);
      await client.ok('PUT', `${base}/${name}`, file(name, size), OCTETS);
      setup.files.set(`${size} ${c}`, Math.max(i + 1, setup.files.get(`${size} ${c}`) ?? 0));
      return true;
    },
    least: large ? Math.max(4, c) : 64,
    count: large ? 2 * Math.max(6, c) : 1000,
  };
}

async function download(setup, c, size) {
  const base = await folder(setup);
  let there = setup.files?.get(`${size} ${c}`) ?? 0;
  if (there === 0)
    await setup.client.ok('PUT', `${base}/${fileName(size, c, there++)}`, file(fileName(size, c, 0), size), OCTETS);
  const large = size > 8 * MIB;
  return {
    op: async (client, i) => {
      const name = fileName(size, c, i % there);
      const body = comparer(name, size);
      await client.ok('GET', `${base}/${name}`, undefined, { onData: body.take });
      return { same: body.same() };
    },
    check: ({ same }) => (same ? undefined : 'other bytes'),
    least: large ? Math.max(4, c) : 64,
    count: large ? 2 * Math.max(6, c) : 3000,
  };
}
