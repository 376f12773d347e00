import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { allows, type Ctx, readableSql } from '#access';
import { select, selectOnce, SortedPage, SqlParams, textTestSql, type SortKey, type TextTest } from '#database';
import { PROMPT_TAG } from '../model/labels.js';
import { VersionSearch, type FoundVersion } from './version-search.view.js';

/** A model as lists of MLflow's clients show it. */
export interface FoundModel {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly description: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly prompt: boolean;
  /** Names of its stages. */
  readonly stages: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly { readonly alias: string; readonly number: number }[];
  /** The newest version of each stage, by number. */
  readonly newest: readonly FoundVersion[];
}

export type ModelCondition = ({ readonly kind: 'name' } & TextTest) | ({ readonly kind: 'tag'; readonly key: string } & TextTest);

type Field = 'name' | 'updatedAt';
export interface ModelQuery {
  /** All of them hold. */
  readonly where?: readonly ModelCondition[];
  /** Prompts, which are left out unless asked for. */
  readonly prompts?: boolean;
  readonly orderBy?: readonly { readonly field: Field; readonly descending: boolean }[];
  readonly limit: number;
  readonly after?: string;
}

const PROMPT = `exists (select 1 from model_tag p where p.model_id = m.id and p.key = '${PROMPT_TAG}' and lower(p.value) = 'true')`;
const COLUMNS = `m.id, m.project, m.name, m.description, m.created_at as "createdAt", m.updated_at as "updatedAt", ${PROMPT} as prompt,
  jsonb_path_query_array(m.flow, '$.stages[*].name') as stages,
  coalesce((select json_object_agg(t.key, t.value order by t.key) from model_tag t where t.model_id = m.id), '{}') as tags,
  coalesce((select json_agg(json_build_object('alias', a.alias, 'number', v.number) order by a.alias)
              from model_alias a join model_version v on v.id = a.version_id where a.model_id = m.id), '[]') as aliases`;

const FIELDS: Readonly<Record<Field, Omit<SortKey, 'descending'>>> = {
  name: { value: 'm.name collate "C"', type: 'text' },
  updatedAt: { value: 'm.updated_at', type: 'timestamptz' },
};
const BY_NAME = [{ field: 'name', descending: false }] as const;

/** Finds models that the caller may read, with the newest version of each of their stages. */
@Injectable()
export class ModelSearch {
  constructor(
    private readonly dataSource: DataSource,
    private readonly versions: VersionSearch,
  ) {}

  async byName(ctx: Ctx, name: string): Promise<FoundModel | undefined> {
    const sql = `select ${COLUMNS} from model m where m.workspace_id = $1 and m.name = $2`;
    const [row] = await select<FoundModel>(this.dataSource, sql, [ctx.workspaceId, name]);
    return row && allows(ctx, 'registry.read', row.project) ? (await this.withNewest([row]))[0] : undefined;
  }

  async search(ctx: Ctx, query: ModelQuery): Promise<{ readonly models: readonly FoundModel[]; readonly next?: string }> {
    const params = new SqlParams();
    const conditions = [
      `m.workspace_id = ${params.add(ctx.workspaceId, 'text')}`,
      ...readableSql(ctx, 'registry.read', 'm.project', params),
    ];
    if (!query.prompts) conditions.push(`not ${PROMPT}`);
    for (const condition of query.where ?? []) conditions.push(conditionSql(condition, params));
    const asked = query.orderBy ?? [];
    const order = asked.some(({ field }) => field === 'name') ? asked : [...asked, ...BY_NAME];
    const sorted = new SortedPage(order.map(({ field, descending }) => ({ ...FIELDS[field], descending })));
    if (query.after !== undefined) conditions.push(sorted.after(query.after, params));
    const found = await selectOnce<FoundModel>(
      this.dataSource,
      `select ${COLUMNS}, ${sorted.columns} from model m where ${conditions.join(' and ')} order by ${sorted.orderBy} limit ${params.add(query.limit + 1, 'int')}`,
      params.values,
    );
    const { rows, next } = sorted.page(found, query.limit);
    return { models: await this.withNewest(rows), next };
  }

  private async withNewest(models: readonly FoundModel[]): Promise<FoundModel[]> {
    if (models.length === 0) return [];
    const newest = Map.groupBy(await this.versions.newestOf(models.map(({ id }) => id)), ({ modelId }) => modelId);
    return models.map((model) => ({ ...model, newest: newest.get(model.id) ?? [] }));
  }
}

function conditionSql(condition: ModelCondition, params: SqlParams): string {
  if (condition.kind === 'name') return textTestSql('m.name', condition, params);
  return `exists (select 1 from model_tag t where t.model_id = m.id and t.key = ${params.add(condition.key, 'text')} and ${textTestSql('t.value', condition, params)})`;
}
