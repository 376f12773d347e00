import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, MODULE_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { buildSchema, isEnumType, isInputObjectType, isListType, isNonNullType, type GraphQLInputType } from 'graphql';
import { ACCESS_METADATA } from '#host';
import { newId } from '#kernel';
import { ask, Client, ROOT, uniqueName, withDatabase, type Server } from '#testing';
import { ApiRole } from '../../apps/api/src/api.role.js';
import { HealthController } from '../../libs/host/src/health.controller.js';

/** What the suites of the edge share: one platform, its admin, and a validated version of the penguins. */
export interface Edge {
  readonly server: Server;
  readonly client: Client;
  readonly data: { readonly datasetId: string; readonly versionId: string };
}

export interface Route {
  readonly method: string;
  /** As it is declared, with the names of its parameters. */
  readonly pattern: string;
  readonly path: string;
  readonly isPublic: boolean;
}

type Class = new (...args: never[]) => object;

/** Every route of the API, from what its controllers declare. */
export function routes(): Route[] {
  const controllers = [...(Reflect.getMetadata(MODULE_METADATA.CONTROLLERS, ApiRole) as Class[]), HealthController];
  return controllers.flatMap((controller) => {
    const prototype = controller.prototype as Record<string, object>;
    const base = String(Reflect.getMetadata(PATH_METADATA, controller) ?? '');
    return Object.getOwnPropertyNames(prototype)
      .filter((name) => name !== 'constructor' && Reflect.hasMetadata(PATH_METADATA, prototype[name]!))
      .map((name) => {
        const handler = prototype[name]!;
        const pattern = `/${[base, String(Reflect.getMetadata(PATH_METADATA, handler))].join('/')}`
          .replace(/\/+/g, '/')
          .replace(/(.)\/$/, '$1');
        const rule: unknown = Reflect.getMetadata(ACCESS_METADATA, handler) ?? Reflect.getMetadata(ACCESS_METADATA, controller);
        return {
          method: RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod],
          pattern,
          path: pattern.replace(/:\w+/g, 'a'.repeat(64)),
          isPublic: rule === 'public',
        };
      });
  });
}

/** Every mutation of the committed schema as an operation, with variables of the right shape. */
export function everyMutation(): { name: string; query: string; variables: Record<string, unknown> }[] {
  const schema = buildSchema(readFileSync(join(ROOT, 'schema.graphql'), 'utf8'));
  return Object.values(schema.getMutationType()!.getFields()).map((field) => {
    const declared = field.args.map((argument) => `$${argument.name}: ${String(argument.type)}`).join(', ');
    const passed = field.args.map((argument) => `${argument.name}: $${argument.name}`).join(', ');
    const variables = Object.fromEntries(field.args.map((argument) => [argument.name, sample(argument.type)]));
    return { name: field.name, query: `mutation (${declared}) { ${field.name}(${passed}) { userErrors { code } } }`, variables };
  });
}

function sample(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return sample(type.ofType);
  if (isListType(type)) return [];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    return Object.fromEntries(required.map((field) => [field.name, sample(field.type)]));
  }
  return { Int: 1, Float: 1, Boolean: true, JSON: {} }[type.name] ?? 'x';
}

/** Status of a request with headers that fetch does not let one set. */
export function statusWith(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    })
      .on('error', reject)
      .end();
  });
}

/** A workspace of its own, with an admin: the product makes one workspace only, so this is done in the database. */
export async function anotherWorkspace({ databaseUrl, url }: Server): Promise<Client> {
  const [workspaceId, memberId] = [newId('workspace'), newId('member')];
  const token = `trl_${randomBytes(32).toString('base64url')}`;
  await withDatabase(databaseUrl, async (database) => {
    await database.query('insert into workspace (id, name) values ($1, $2)', [workspaceId, uniqueName('workspace')]);
    await database.query(`insert into member (id, workspace_id, name) values ($1, $2, 'stranger')`, [memberId, workspaceId]);
    await database.query(`insert into member_grant (member_id, path, role) values ($1, '/', 'admin')`, [memberId]);
    await database.query(
      `insert into token (id, workspace_id, member_id, name, hash, scope) values ($1, $2, $3, 'test', $4, 'all')`,
      [newId('token'), workspaceId, memberId, createHash('sha256').update(token).digest('hex')],
    );
  });
  return new Client(url, token);
}

/** How many statements the API sends to the database for `work`: the least of some tries, so that what runs beside it does not count. */
export async function statementsOf({ home, databaseUrl }: Server, work: () => Promise<unknown>): Promise<number> {
  const log = join(home, 'postgres', 'postgres.log');
  const mark = async () => {
    const text = uniqueName('mark');
    await ask(databaseUrl, `select '${text}'`);
    return text;
  };
  await ask(databaseUrl, `alter system set log_statement = 'all'`);
  await ask(databaseUrl, 'select pg_reload_conf()');
  const counts: number[] = [];
  for (let tries = 0; tries < 5; tries++) {
    const begin = await mark();
    await work();
    const end = await mark();
    const between = (await readFile(log, 'utf8')).split(begin)[1]!.split(end)[0]!;
    counts.push(between.match(/LOG: {2}(execute|statement)/g)?.length ?? 0);
  }
  await ask(databaseUrl, 'alter system reset log_statement');
  await ask(databaseUrl, 'select pg_reload_conf()');
  // The marker's own statement is logged after its text begins, so that only the closing one is in between.
  return Math.min(...counts) - 1;
}

/** Connections of the application: all of them, and those of the use cases of the process `service`. */
export async function connections(
  { databaseUrl }: Pick<Server, 'databaseUrl'>,
  service = 'platform',
): Promise<{ total: number; pool: number }> {
  const sql = `select count(*)::int as total, (count(*) filter (where application_name = $1))::int as pool from pg_stat_activity where usename = 'tailrace_app'`;
  const [row] = await ask<{ total: number; pool: number }>(databaseUrl, sql, [`tailrace-${service}`]);
  return row!;
}
