import { createServer } from 'node:net';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '#config';
import { workersOf } from '#contracts';
import { DeploymentView } from '#deployment';
import { ApiAddress, closeApp, createApp, ensureFirstTokens, PlatformModule, readSecret } from '#host';
import { Wakeups } from '#messaging';
import { ApiRole } from '../../api/src/api.role.js';
import { createAdapter } from '../../api/src/http/server.js';
import { InferenceProxy } from '../../api/src/inference/inference.proxy.js';
import { AutomationRole } from '../../automation/src/automation.role.js';
import { DatasetRegistryRole } from '../../dataset-registry/src/dataset-registry.role.js';
import { DeploymentRole } from '../../deployment/src/deployment.role.js';
import { ExperimentTrackingRole } from '../../experiment-tracking/src/experiment-tracking.role.js';
import { ModelRegistryRole } from '../../model-registry/src/model-registry.role.js';
import { TrainingRunnerRole } from '../../training-runner/src/training-runner.role.js';
import { openDatabase, type Database } from './database.js';
import { Home } from './home.js';
import { InferenceChild } from './inference-child.js';

const ROLES = [
  ApiRole,
  DatasetRegistryRole,
  ExperimentTrackingRole,
  TrainingRunnerRole,
  ModelRegistryRole,
  DeploymentRole,
  AutomationRole,
];
/** One process does the work of eight: its jobs and requests wait for connections before the machine is busy when it has too few. */
const POOL = 20;
const PORTS_TRIED = 50;

export interface Platform {
  readonly url: string;
  /** Sign-in token for the CLI, as the home has it. */
  readonly token: string;
  readonly firstStart: boolean;
  readonly databaseNote: string;
  /** Ends everything that was started, in order. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts all roles in this process, on an embedded PostgreSQL unless DATABASE_URL names a server. `say` gets words for people. */
export async function startPlatform(
  config: Config,
  say: (line: string) => void,
  onLost: (what: string) => void,
): Promise<Platform> {
  const home = await Home.take(config.home);
  let database: Database | undefined;
  try {
    database = await openDatabase(config, say, () => onLost('the embedded PostgreSQL is gone'));
    return await startRoles(config, home, database, say);
  } catch (error) {
    await database?.stop();
    await home.release();
    throw error;
  }
}

async function startRoles(config: Config, home: Home, database: Database, say: (line: string) => void): Promise<Platform> {
  let inference: InferenceChild | undefined;
  const proxy = new InferenceProxy(() => inference?.url);
  const platform = PlatformModule.register({
    config,
    databaseUrl: database.url,
    service: 'platform',
    workers: workersOf('platform'),
    pool: POOL,
  });
  const app = await createApp([platform, ...ROLES], createAdapter(config, proxy));
  const url = await listen(app, config, say);
  const apiUrl = url.replace('0.0.0.0', '127.0.0.1');
  app.get(ApiAddress).url = apiUrl;
  const { adminToken } = await ensureFirstTokens(app, config);
  inference = new InferenceChild(config, app.get(DeploymentView), app.get(Wakeups));
  inference.start(apiUrl);
  await home.announce(apiUrl);
  const token = adminToken ?? (await readSecret(join(config.home, 'token'))) ?? '';
  const stop = async () => {
    await inference.stop();
    await closeApp(app);
    proxy.close();
    await database.stop();
    await home.release();
  };
  return { url: apiUrl, token, firstStart: adminToken !== undefined, databaseNote: database.note, stop };
}

/** The configured port, or the next free one, said aloud. */
async function listen(app: NestFastifyApplication, config: Config, say: (line: string) => void): Promise<string> {
  const { host, port } = config.http;
  const free = await freePort(host, port);
  await app.listen(free, host);
  const address = app.getHttpServer().address() as { port: number };
  if (free !== port) say(`port ${port} is taken, so this is on port ${free}`);
  return `http://${host}:${address.port}`;
}

/** Looked for before Nest listens, which would print an error of its own for each port that is taken. */
async function freePort(host: string, first: number): Promise<number> {
  for (let port = first; ; port++) {
    const refusal = await tryPort(host, port);
    if (!refusal) return port;
    if (refusal.code !== 'EADDRINUSE' || port - first >= PORTS_TRIED) throw refusal;
  }
}

function tryPort(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', resolve);
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
}
