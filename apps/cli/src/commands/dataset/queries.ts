import { listNodes, PAGE_INFO } from '../../client/pages.js';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';

export interface Finding {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly line: number | null;
  readonly column: string | null;
}

export interface ColumnProfile {
  readonly name: string;
  readonly type: string;
  readonly missing: number;
  readonly distinct: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly std: number | null;
  readonly median: number | null;
  readonly top: { value: string; count: number }[] | null;
}

export interface DatasetVersion {
  readonly id: string;
  readonly number: number;
  readonly state: 'PENDING' | 'VALIDATED' | 'INVALID' | 'RETRACTED';
  readonly format: string;
  readonly blob: string;
  readonly size: string;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly findings: Finding[];
  readonly profile: { rows: number; duplicateRows: number; columns: ColumnProfile[] } | null;
}

export const VERSION = `id number state format blob size reason createdAt findings { severity code message line column }
  profile { rows duplicateRows columns { name type missing distinct min max mean std median top { value count } } }`;

/** A finding as compilers write theirs: where, how bad, what. */
export function findingText({ severity, code, message, line, column }: Finding): string {
  const where = [line === null ? undefined : `line ${line}`, column === null ? undefined : `column ${column}`]
    .filter(Boolean)
    .join(', ');
  return `${where ? `${where}: ` : ''}${severity}: ${message} [${code}]`;
}

const DATASET = 'query ($name: String!) { dataset(name: $name) { id } }';
const VERSIONS = `query ($id: ID!, $first: Int, $after: String) { datasetVersions(where: { datasetId: $id }, first: $first, after: $after) {
  ${PAGE_INFO} edges { node { id number } } } }`;

export function versionNamed(text: string): { name: string; number: number } {
  const [, name, number] = /^(.+)@(\d{1,9})$/.exec(text) ?? [];
  if (name) return { name, number: Number(number) };
  throw new Failure(`must be NAME@NUMBER, such as penguins@2, not ${JSON.stringify(text)}`, EXIT.usage);
}

export async function datasetIdOf(client: TailraceClient, name: string): Promise<string> {
  const { dataset } = await client.query<{ dataset: { id: string } | null }>(DATASET, { name });
  if (dataset) return dataset.id;
  throw new Failure(
    `there is no data set ${JSON.stringify(name)}; \`tailrace dataset list\` shows those that are`,
    EXIT.notFound,
  );
}

export async function versionIdOf(client: TailraceClient, name: string, number: number): Promise<string> {
  const { nodes } = await listNodes<{ id: string; number: number }>(client, VERSIONS, { id: await datasetIdOf(client, name) });
  const found = nodes.find((version) => version.number === number);
  if (found) return found.id;
  throw new Failure(`${name} has no version ${number}; \`tailrace dataset show ${name}\` lists them`, EXIT.notFound);
}
