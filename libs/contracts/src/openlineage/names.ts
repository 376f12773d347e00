import { createHash } from 'node:crypto';

/** What makes names unique among all who send to one OpenLineage backend. */
export interface LineageHome {
  /** Where this installation is reached from outside. */
  readonly publicUrl: string;
  /** Name of the workspace. */
  readonly workspace: string;
}

/** Kinds of things that are jobs or data sets to OpenLineage. */
export type LineageKind =
  'dataset' | 'logged_dataset' | 'logged_model' | 'model' | 'experiment' | 'template' | 'endpoint' | 'webhook';

/** `tailrace://<host>/<workspace><project>`, where the project `/` adds nothing. Source: the form of https://openlineage.io/docs/spec/naming for databases. */
export function lineageNamespace({ publicUrl, workspace }: LineageHome, project: string): string {
  return `tailrace://${new URL(publicUrl).host}/${workspace}${project === '/' ? '' : project}`;
}

/** `<kind>/<name>`: a data set and a model of one name are two data sets to OpenLineage; `part` names a job that belongs to a thing. */
export function lineageName(kind: LineageKind, name: string, ...part: readonly string[]): string {
  return [kind, name, ...part].join('/');
}

/** The UUID that an id of the platform holds; one of version 5 (RFC 9562) of the whole id for any other text. */
export function uuidOf(id: string): string {
  const hex = /^(?:[a-z]{3}_)?([0-9a-f]{32})$/.exec(id)?.[1];
  return hex ? dashed(hex) : uuid5(URL_NAMESPACE, `tailrace:${id}`);
}

/**
 * Id of what OpenLineage calls a run, of which each starts and ends once: the UUID of our run until its first end, then for each time that it goes on one of
 * version 5 of that number, in the namespace of the first.
 */
export function stretchId(runId: string, resumes: number): string {
  const first = uuidOf(runId);
  return resumes === 0 ? first : uuid5(first, String(resumes));
}

/** RFC 9562, appendix A. */
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

function uuid5(namespace: string, name: string): string {
  const space = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  const bytes = createHash('sha1').update(space).update(name, 'utf8').digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return dashed(bytes.toString('hex'));
}

function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
