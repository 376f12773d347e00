import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrateBull } from '#messaging';
import { migrate, startEmbedded } from '#database';

/** The role and password of the application in test databases. */
const APP = { role: 'tailrace_app', password: 'test' };
const TEMPLATE = 'tailrace_template';

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: {
      readonly superuserUrl: string;
      readonly template: string;
      readonly appRole: string;
      readonly appPassword: string;
    };
  }
}

/** One real PostgreSQL for all medium tests: each makes its own database from a migrated template. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'tailrace-test-'));
  const server = await startEmbedded({ dir, settings: { max_connections: '200' } });
  const admin = new pg.Client({ connectionString: server.superuserUrl });
  await admin.connect();
  await admin.query(`create database ${TEMPLATE}`);
  await admin.end();
  const ownerUrl = new URL(server.superuserUrl);
  ownerUrl.pathname = `/${TEMPLATE}`;
  await migrate({
    ownerUrl: ownerUrl.toString(),
    appRole: APP.role,
    appPassword: APP.password,
    dir: 'migrations',
    also: migrateBull,
  });
  project.provide('postgres', {
    superuserUrl: server.superuserUrl,
    template: TEMPLATE,
    appRole: APP.role,
    appPassword: APP.password,
  });
  return async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
}
