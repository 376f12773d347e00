import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';

const MAX_REMEMBERED = 50_000;

/** Names and ids of metrics, remembered: they are interned for good. */
@Injectable()
export class MetricKeys {
  private readonly byName = new Map<string, number>();
  private readonly byId = new Map<number, string>();

  constructor(private readonly dataSource: DataSource) {}

  /** Ids of the names that anything was ever logged under. */
  async ids(workspaceId: string, names: readonly string[]): Promise<Map<string, number>> {
    const missing = [...new Set(names)].filter((name) => !this.byName.has(`${workspaceId}\n${name}`));
    if (missing.length > 0) {
      const rows = await select<{ id: number; name: string }>(
        this.dataSource,
        'select id, name from metric_key where workspace_id = $1 and name = any($2)',
        [workspaceId, missing],
      );
      for (const { id, name } of rows) this.remember(workspaceId, id, name);
    }
    return new Map(
      names.flatMap((name) => {
        const id = this.byName.get(`${workspaceId}\n${name}`);
        return id === undefined ? [] : [[name, id] as const];
      }),
    );
  }

  /** A function from id to name that knows all the ids given. */
  async names(ids: Iterable<number>): Promise<(id: number) => string> {
    const missing = [...new Set(ids)].filter((id) => !this.byId.has(id));
    if (missing.length > 0) {
      const rows = await select<{ id: number; name: string; workspace_id: string }>(
        this.dataSource,
        'select id, name, workspace_id from metric_key where id = any($1)',
        [missing],
      );
      for (const row of rows) this.remember(row.workspace_id, row.id, row.name);
    }
    return (id) => this.byId.get(id)!;
  }

  private remember(workspaceId: string, id: number, name: string): void {
    if (this.byId.size > MAX_REMEMBERED) {
      this.byId.clear();
      this.byName.clear();
    }
    this.byName.set(`${workspaceId}\n${name}`, id);
    this.byId.set(id, name);
  }
}
