import type { TailraceClient } from './tailrace-client.js';

export interface Connection<T> {
  readonly edges: readonly { readonly node: T }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string };
}

export interface Listed<T> {
  readonly nodes: T[];
  /** True when the server has more than `limit`. */
  readonly more: boolean;
}

/** Largest page of the API. */
const PAGE = 200;

/**
 * At most `limit` nodes of a connection, page by page. The query takes $first and $after and has one root field, with edges { node } and
 * pageInfo { hasNextPage endCursor }; `within` names the connection where it is a field of that one.
 */
export async function listNodes<T>(
  client: Pick<TailraceClient, 'query'>,
  query: string,
  variables: Record<string, unknown> = {},
  limit = Infinity,
  within?: string,
): Promise<Listed<T>> {
  const nodes: T[] = [];
  for (let after: string | undefined; ;) {
    const first = Math.min(PAGE, limit - nodes.length);
    const data = await client.query<Record<string, unknown>>(query, { ...variables, first, after });
    const root = Object.values(data)[0] as Record<string, unknown>;
    const { edges, pageInfo } = (within ? root[within] : root) as Connection<T>;
    nodes.push(...edges.map((edge) => edge.node));
    if (!pageInfo.hasNextPage || nodes.length >= limit) return { nodes, more: pageInfo.hasNextPage };
    after = pageInfo.endCursor;
  }
}

export const PAGE_INFO = 'pageInfo { hasNextPage endCursor }';
