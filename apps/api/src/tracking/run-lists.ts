import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { parsePageSize } from '#kernel';
import { RunSearch, type RunQuery } from '#tracking';
import { cursorConnection, type PageInput } from '../graphql/connection.js';
import { conditionOf, orderOf, RunViewEnum, type RunFilter, type RunOrder } from './run-filter.js';

/** Pages of runs, as every field that has runs shows them. */
@Injectable()
export class RunLists {
  constructor(private readonly search: RunSearch) {}

  async page(ctx: Ctx, where: RunFilter, page: PageInput, orderBy?: readonly RunOrder[] | null, view = RunViewEnum.CURRENT) {
    const query = {
      ...queryOf(where, view),
      orderBy: orderOf(orderBy),
      limit: parsePageSize(page),
      after: page.after ?? undefined,
    };
    const found = await this.search.search(ctx, query);
    return cursorConnection(found.runs, found.next !== undefined, (run) => found.cursorOf(run), page.after);
  }
}

/** One experiment, or a few, bound the search; everything else is a condition. */
export function queryOf(
  { experimentId, experimentIds, ...where }: RunFilter,
  view: RunViewEnum,
): Pick<RunQuery, 'experimentIds' | 'where' | 'view'> {
  const both = experimentId && experimentIds ? experimentIds.filter((id) => id === experimentId) : undefined;
  return { experimentIds: both ?? experimentIds ?? (experimentId ? [experimentId] : undefined), where: conditionOf(where), view };
}
