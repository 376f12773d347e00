import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { allows, type Ctx, readableSql } from '#access';
import {
  select,
  selectOnce,
  SortedPage,
  sqlOp,
  SqlParams,
  textTestSql,
  type NumberOp,
  type SortKey,
  type TextTest,
} from '#database';
import { isNumber, PROMPT_TAG } from '../model/labels.js';
import type { VersionStatus } from '../registry.entities.js';

/** A version as lists of MLflow's clients show it. */
export interface FoundVersion {
  readonly id: string;
  readonly modelId: string;
  readonly model: string;
  readonly project: string;
  readonly number: number;
  readonly stage: string;
  readonly source: string | null;
  readonly storageLocation: string | null;
  readonly runId: string | null;
  readonly runLink: string | null;
  readonly loggedModelId: string | null;
  readonly description: string;
  readonly status: VersionStatus;
  readonly statusMessage: string | null;
  readonly userName: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly string[];
}

export type VersionCondition =
  | ({ readonly kind: 'model' | 'source' | 'runId' } & TextTest)
  /** On the run's id without its prefix, as MLflow's clients know it. */
  | ({ readonly kind: 'runDigits' } & TextTest)
  | { readonly kind: 'number'; readonly op: NumberOp; readonly value: number }
  | ({ readonly kind: 'tag'; readonly key: string } & TextTest);

type Field = 'model' | 'number' | 'createdAt' | 'updatedAt';
export interface VersionQuery {
  /** All of them hold. */
  readonly where?: readonly VersionCondition[];
  /** Versions of prompts, which are left out unless asked for. */
  readonly prompts?: boolean;
  readonly orderBy?: readonly { readonly field: Field; readonly descending: boolean }[];
  readonly limit: number;
  readonly after?: string;
}

const COLUMNS = `v.id, v.model_id as "modelId", m.name as model, m.project, v.number, v.stage, v.source, v.storage_location as "storageLocation",
  v.run_id as "runId", v.run_link as "runLink", v.logged_model_id as "loggedModelId", v.description, v.status, v.status_message as "statusMessage",
  v.user_name as "userName", v.created_at as "createdAt", v.updated_at as "updatedAt",
  coalesce((select json_object_agg(t.key, t.value order by t.key) from model_version_tag t where t.version_id = v.id), '{}') as tags,
  coalesce((select json_agg(a.alias order by a.alias) from model_alias a where a.version_id = v.id), '[]') as aliases`;
const FROM = 'from model_version v join model m on m.id = v.model_id';
/** Of one model, which the planner knows: its versions are read in the order of an index. */
const ONE = `select ${COLUMNS} ${FROM} where v.model_id = (select id from model where workspace_id = $1 and name = $2) and v.deleted_at is null`;

const FIELDS: Readonly<Record<Field, Omit<SortKey, 'descending'>>> = {
  model: { value: 'm.name collate "C"', type: 'text' },
  number: { value: 'v.number', type: 'bigint' },
  createdAt: { value: 'v.created_at', type: 'timestamptz' },
  updatedAt: { value: 'v.updated_at', type: 'timestamptz' },
};
const NEWEST_FIRST = [{ field: 'updatedAt', descending: true }] as const;
/** Makes any order one in which no two versions are equal. */
const TIE = [
  { field: 'model', descending: false },
  { field: 'number', descending: true },
] as const;

const isPrompt = (table: string, owner: string) =>
  `exists (select 1 from ${table} p where p.${owner} and p.key = '${PROMPT_TAG}' and lower(p.value) = 'true')`;

/** Finds versions that the caller may read and that are not deleted. */
@Injectable()
export class VersionSearch {
  constructor(private readonly dataSource: DataSource) {}

  async byNumber(ctx: Ctx, model: string, number: number): Promise<FoundVersion | undefined> {
    if (!isNumber(number)) return undefined;
    return this.one(ctx, `${ONE} and v.number = $3::int`, model, number);
  }

  /** The alias `latest` is the version with the highest number. */
  byAlias(ctx: Ctx, model: string, alias: string): Promise<FoundVersion | undefined> {
    if (alias.toLowerCase() === 'latest') return this.newestIn(ctx, model);
    return this.one(
      ctx,
      `${ONE} and v.id = (select version_id from model_alias where model_id = m.id and alias = $3)`,
      model,
      alias,
    );
  }

  /** The version with the highest number, in a stage or in any. */
  newestIn(ctx: Ctx, model: string, stage?: string): Promise<FoundVersion | undefined> {
    const newest = 'order by v.number desc limit 1';
    if (stage === undefined) return this.one(ctx, `${ONE} ${newest}`, model);
    return this.one(ctx, `${ONE} and v.stage = $3 ${newest}`, model, stage);
  }

  /** The newest version of each stage of some models, by model and number. The caller must be allowed to read the models. */
  newestOf(modelIds: readonly string[]): Promise<FoundVersion[]> {
    return select<FoundVersion>(
      this.dataSource,
      `select ${COLUMNS} from model m
         cross join lateral (select 'none' as name union select stage ->> 'name' from jsonb_array_elements(m.flow -> 'stages') stage) s
         cross join lateral (select * from model_version n where n.model_id = m.id and n.stage = s.name and n.deleted_at is null
                              order by n.number desc limit 1) v
        where m.id = any($1) order by v.model_id, v.number`,
      [modelIds],
    );
  }

  async search(ctx: Ctx, query: VersionQuery): Promise<{ readonly versions: readonly FoundVersion[]; readonly next?: string }> {
    const params = new SqlParams();
    const workspace = params.add(ctx.workspaceId, 'text');
    const conditions = [`v.workspace_id = ${workspace}`, 'v.deleted_at is null'];
    conditions.push(...readableSql(ctx, 'registry.read', 'm.project', params));
    if (!query.prompts)
      conditions.push(
        `not ${isPrompt('model_tag', 'model_id = v.model_id')}`,
        `not ${isPrompt('model_version_tag', 'version_id = v.id')}`,
      );
    for (const condition of query.where ?? []) conditions.push(conditionSql(condition, params, workspace));
    const asked = query.orderBy?.length ? query.orderBy : NEWEST_FIRST;
    const order = [...asked, ...TIE.filter(({ field }) => !asked.some((each) => each.field === field))];
    const sorted = new SortedPage(order.map(({ field, descending }) => ({ ...FIELDS[field], descending })));
    if (query.after !== undefined) conditions.push(sorted.after(query.after, params));
    const found = await selectOnce<FoundVersion>(
      this.dataSource,
      `select ${COLUMNS}, ${sorted.columns} ${FROM} where ${conditions.join(' and ')} order by ${sorted.orderBy} limit ${params.add(query.limit + 1, 'int')}`,
      params.values,
    );
    const { rows: versions, next } = sorted.page(found, query.limit);
    return { versions, next };
  }

  private async one(ctx: Ctx, sql: string, ...values: unknown[]): Promise<FoundVersion | undefined> {
    const [row] = await select<FoundVersion>(this.dataSource, sql, [ctx.workspaceId, ...values]);
    return row && allows(ctx, 'registry.read', row.project) ? row : undefined;
  }
}

const TEXT = {
  source: 'v.source',
  runId: 'v.run_id',
  runDigits: "coalesce(regexp_replace(v.run_id, '^run_(?=[0-9a-f]{32}$)', ''), '')",
} as const;

function conditionSql(condition: VersionCondition, params: SqlParams, workspace: string): string {
  switch (condition.kind) {
    case 'model':
      if (condition.op !== '=') return textTestSql('m.name', condition, params);
      return `v.model_id = (select id from model where workspace_id = ${workspace} and name = ${params.add(condition.value, 'text')})`;
    case 'number':
      return `v.number ${sqlOp(condition.op)} ${params.add(condition.value, 'float8')}`;
    case 'tag':
      return `exists (select 1 from model_version_tag t where t.version_id = v.id and t.key = ${params.add(condition.key, 'text')} and ${textTestSql('t.value', condition, params)})`;
    default:
      return textTestSql(TEXT[condition.kind], condition, params);
  }
}
