import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';

const MAX_REMEMBERED = 50_000;

/** Ids of metric names, remembered: they are interned for good. */
@Injectable()
export class MetricKeys {
  private readonly byName = new Map<string, number>();

  constructor(private readonly dataSource: DataSource) {}

  /** Ids of the names that anything was ever logged under. */
  async ids(workspaceId: string, names: readonly string[]): Promise<Map<string, number>> {
    const found = this.known(workspaceId, names);
    const missing = names.filter((name) => !found.has(name));
    if (missing.length === 0) return found;
    const rows = await select<{ id: number; name: string }>(
      this.dataSource,
      'select id, name from metric_key where workspace_id = $1 and name = any($2)',
      [workspaceId, missing],
    );
    this.remember(workspaceId, rows);
    for (const { id, name } of rows) found.set(name, id);
    return found;
  }

  /** Those that are remembered: a map of its own, which no later forgetting touches. */
  known(workspaceId: string, names: readonly string[]): Map<string, number> {
    const found = new Map<string, number>();
    for (const name of names) {
      const id = this.byName.get(`${workspaceId}\n${name}`);
      if (id !== undefined) found.set(name, id);
    }
    return found;
  }

  /** Names by the ids given. */
  async names(ids: readonly number[]): Promise<Map<number, string>> {
    const rows = await select<{ id: number; name: string }>(
      this.dataSource,
      'select id, name from metric_key where id = any($1)',
      [ids],
    );
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  /** To be told only what is committed. */
  remember(workspaceId: string, rows: readonly { readonly id: number; readonly name: string }[]): void {
    if (this.byName.size > MAX_REMEMBERED) this.byName.clear();
    for (const { id, name } of rows) this.byName.set(`${workspaceId}\n${name}`, id);
  }
}
