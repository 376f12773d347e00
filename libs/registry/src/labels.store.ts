import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { PROMPT_TAG } from './model/labels.js';

/** Tags of models and versions, and aliases. */
@Injectable()
export class LabelsStore {
  async isPrompt(tx: Tx, modelId: string): Promise<boolean> {
    const rows = await tx.query("select 1 from model_tag where model_id = $1 and key = $2 and lower(value) = 'true'", [
      modelId,
      PROMPT_TAG,
    ]);
    return rows.length > 0;
  }

  async setModelTags(tx: Tx, modelId: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const keys = Object.keys(tags).sort();
    if (keys.length === 0) return;
    await tx.query(
      `insert into model_tag (model_id, key, value) select $1, k, v from unnest($2::text[], $3::text[]) as u(k, v)
       on conflict (model_id, key) do update set value = excluded.value`,
      [modelId, keys, keys.map((key) => tags[key])],
    );
  }

  /** Keys that were there. */
  async deleteModelTags(tx: Tx, modelId: string, keys: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ key: string }>('delete from model_tag where model_id = $1 and key = any($2) returning key', [
      modelId,
      keys,
    ]);
    return rows.map((row) => row.key);
  }

  async setVersionTags(tx: Tx, versionId: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const keys = Object.keys(tags).sort();
    if (keys.length === 0) return;
    await tx.query(
      `insert into model_version_tag (version_id, key, value) select $1, k, v from unnest($2::text[], $3::text[]) as u(k, v)
       on conflict (version_id, key) do update set value = excluded.value`,
      [versionId, keys, keys.map((key) => tags[key])],
    );
  }

  async deleteVersionTags(tx: Tx, versionId: string, keys: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ key: string }>(
      'delete from model_version_tag where version_id = $1 and key = any($2) returning key',
      [versionId, keys],
    );
    return rows.map((row) => row.key);
  }

  async setAlias(tx: Tx, modelId: string, alias: string, versionId: string): Promise<void> {
    await tx.query(
      `insert into model_alias (model_id, alias, version_id) values ($1, $2, $3)
       on conflict (model_id, alias) do update set version_id = excluded.version_id`,
      [modelId, alias, versionId],
    );
  }

  /** Id of the version that it pointed at; undefined when there is no such alias. */
  async deleteAlias(tx: Tx, modelId: string, alias: string): Promise<string | undefined> {
    const rows = await tx.query<{ id: string }>(
      'delete from model_alias where model_id = $1 and alias = $2 returning version_id as id',
      [modelId, alias],
    );
    return rows[0]?.id;
  }

  async aliasesOf(tx: Tx, versionId: string): Promise<string[]> {
    const rows = await tx.query<{ alias: string }>('select alias from model_alias where version_id = $1 order by alias', [
      versionId,
    ]);
    return rows.map((row) => row.alias);
  }
}
