import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { inject } from 'vitest';
import { AccessService, Authenticator, createCtx, MembersService, TokensService, type Ctx, type Role } from '#access';
import { loadConfig, type Config } from '#config';
import { PlatformModule } from '#host';
import { until } from '#testing';

export interface Stack {
  readonly app: INestApplicationContext;
  readonly config: Config;
  readonly databaseUrl: string;
  /** As the owner of the tables, for what the application itself may not do. */
  readonly owner: pg.Client;
  readonly workspaceId: string;
  /** Context of a new member of that role. */
  member(role: Role, name?: string, project?: string): Promise<Ctx>;
  /** Rows of a statement, as the owner. */
  rows<T = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

/** A database of its own from the migrated template. */
export async function createDatabase(): Promise<{ url: string; ownerUrl: string; drop(): Promise<void> }> {
  const { superuserUrl, template, appRole, appPassword } = inject('postgres');
  const name = `t_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const run = async (sql: string) => {
    const admin = new pg.Client({ connectionString: superuserUrl });
    await admin.connect();
    await admin.query(sql).finally(() => admin.end());
  };
  await run(`create database ${name} template ${template}`);
  const ownerUrl = new URL(superuserUrl);
  ownerUrl.pathname = `/${name}`;
  const url = new URL(ownerUrl);
  url.username = appRole;
  url.password = appPassword;
  return { url: url.toString(), ownerUrl: ownerUrl.toString(), drop: () => run(`drop database ${name} with (force)`) };
}

/** The domains on a real PostgreSQL, with the roles asked for. */
export async function startStack(roles: Type[] = [], env: NodeJS.ProcessEnv = {}): Promise<Stack> {
  const database = await createDatabase();
  const home = mkdtempSync(join(tmpdir(), 'tailrace-stack-'));
  const config = loadConfig({
    TAILRACE_HOME: home,
    TAILRACE_LOG_LEVEL: 'silent',
    TAILRACE_POLL_MS: '20',
    TAILRACE_SWEEP_SECONDS: '1',
    ...env,
  });
  const platform = PlatformModule.register({ config, databaseUrl: database.url, service: 'test', workers: 6 });
  class Root {}
  const app = await NestFactory.createApplicationContext(
    { module: Root, imports: [platform, ...roles] },
    { logger: false, abortOnError: false },
  );
  const { workspaceId } = await app.get(AccessService).bootstrap();
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const member = async (role: Role, name = `${role}-${randomUUID().slice(0, 6)}`, project = '/') => {
    const admin = createCtx(workspaceId, { kind: 'system', name: 'test' });
    const memberId = await app.get(MembersService).create(admin, { name, role, project });
    const { text } = await app.get(TokensService).create(admin, { memberId, name: 'test', scope: 'all' });
    return createCtx(workspaceId, (await app.get(Authenticator).authenticate(text)).principal);
  };
  return {
    app,
    config,
    databaseUrl: database.url,
    owner,
    workspaceId,
    member,
    rows: async (sql, params = []) => (await owner.query(sql, params)).rows as never,
    close: async () => {
      await app.close();
      await owner.end();
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Waits until a consumer of the log has read all that was said so far. */
export async function hasRead(stack: Stack, consumer: string): Promise<void> {
  const [last] = await stack.rows<{ pos: string }>('select max(pos) as pos from event_log');
  await until(`${consumer} has read the log`, async () => {
    const rows = await stack.rows(
      'select 1 from event_log e join log_cursor c on c.consumer = $2 where e.pos = $1 and e.sequence <= c.position',
      [last!.pos, consumer],
    );
    return rows.length > 0;
  });
}
