import { DomainError } from '#kernel';

/** What a source of a version names. A source is what a stranger wrote: it is never opened here, and what could mean a file of this machine is refused. */
export type VersionSource =
  | { readonly kind: 'run'; readonly runId: string; readonly path: string }
  | { readonly kind: 'loggedModel'; readonly id: string }
  | { readonly kind: 'version'; readonly name: string; readonly pick: VersionPick }
  | { readonly kind: 'artifacts' }
  | { readonly kind: 'elsewhere' };
export type VersionPick = { readonly number: number } | { readonly alias: string } | { readonly stage: string };

const MAX_SOURCE = 2000;
const HEX = /^[0-9a-f]{32}$/;
/** What MLflow's clients write where a prompt has no source. */
const PROMPT_SOURCES = ['dummy-source', 'prompt-template'];
/** A scheme has two letters or more: one is a drive of Windows. */
const URI = /^([a-z][a-z0-9+.-]+):(?:\/\/([^/?#]*))?([^?#]*)/is;

/** Our own id of a run or logged model that a client names by its digits; any other name as it is. */
export const ownRunId = (id: string): string => (HEX.test(id) ? `run_${id}` : id);
export const ownLoggedModelId = (id: string): string => (/^m-[0-9a-f]{32}$/.test(id) ? `lgm_${id.slice(2)}` : id);

export function badSource(source: string, why: string): DomainError {
  return new DomainError('BAD_INPUT', `Invalid model version source: '${source}'. ${why}`, 'source');
}

export function notContained(source: string, parameter: 'run_id' | 'model_id'): DomainError {
  return badSource(source, `The ${parameter} request parameter must identify the resource that contains the source.`);
}

/** Throws BAD_INPUT for a source of a prompt that is more than a placeholder. */
export function checkPromptSource(source: string): void {
  if (!PROMPT_SOURCES.includes(source))
    throw new DomainError(
      'BAD_INPUT',
      `Invalid prompt source: '${source}'. Prompt sources must use an MLflow placeholder.`,
      'source',
    );
}

/** Throws BAD_INPUT for local paths, however written, for steps upwards, and for what its scheme does not allow. */
export function parseSource(source: string): VersionSource {
  if (source.length > MAX_SOURCE) throw badSource(`${source.slice(0, 100)}…`, `It has more than ${MAX_SOURCE} characters.`);
  const [, scheme, authority = '', path = ''] = URI.exec(source) ?? [];
  if (!scheme || scheme.toLowerCase() === 'file')
    throw badSource(
      source,
      'To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be ' +
        'contained within the artifact directory of the run specified by the run_id.',
    );
  checkSteps(source);
  switch (scheme.toLowerCase()) {
    case 'runs':
      return runSource(source, authority, path);
    case 'models':
      return modelSource(source, authority, path);
    case 'mlflow-artifacts':
      return { kind: 'artifacts' };
    default:
      return { kind: servesArtifacts(scheme, path) ? 'artifacts' : 'elsewhere' };
  }
}

/** Whether a URI lies in the place that another names; same scheme and host. */
export function isWithin(source: string, root: string): boolean {
  const [mine, its] = [uriParts(source), uriParts(root)];
  return mine.head === its.head && its.path.length > 0 && its.path.every((part, i) => mine.path[i] === part);
}

function uriParts(uri: string): { head: string; path: string[] } {
  const [, scheme = '', authority = '', path = ''] = URI.exec(uri) ?? [];
  return { head: `${scheme}://${authority}`.toLowerCase(), path: path.split('/').filter(Boolean).map(decoded) };
}

function runSource(source: string, authority: string, path: string): VersionSource {
  const [id, ...rest] = path.split('/').filter(Boolean);
  if (authority || !id) throw notContained(source, 'run_id');
  return { kind: 'run', runId: ownRunId(id), path: rest.join('/') };
}

/** `models:/name/version`, `models:/name/stage`, `models:/name@alias` and `models:/m-…`. */
function modelSource(source: string, authority: string, path: string): VersionSource {
  const [first, suffix, ...more] = path.replace(/^\/+/, '').split('/');
  if (authority) throw badSource(source, 'Registered model sources must use the active model registry.');
  if (!first || suffix === '' || more.length > 0) throw notContained(source, 'model_id');
  if (suffix !== undefined) {
    if (/^\d+$/.test(suffix)) return { kind: 'version', name: first, pick: { number: Number(suffix) } };
    const word = suffix.toLowerCase();
    return { kind: 'version', name: first, pick: word === 'latest' ? { alias: word } : { stage: word } };
  }
  const at = first.lastIndexOf('@');
  if (at < 0) return { kind: 'loggedModel', id: ownLoggedModelId(first) };
  if (at === 0 || at === first.length - 1) throw notContained(source, 'model_id');
  return { kind: 'version', name: first.slice(0, at), pick: { alias: first.slice(at + 1) } };
}

/** MLflow's own address of served artifacts. */
function servesArtifacts(scheme: string, path: string): boolean {
  return /^https?$/i.test(scheme) && /\/api\/2\.0\/mlflow-artifacts\/artifacts(\/|$)/.test(decoded(path).replace(/\/+/g, '/'));
}

/** Encoded once or ten times: a step upwards is one. */
function checkSteps(source: string): void {
  const plain = decoded(source);
  if (plain.includes('\u0000') || plain.split(/[/\\]/).some((part) => part === '..' || part === '.'))
    throw badSource(
      source,
      'If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be ' +
        'provided without relative path references present. Please provide an absolute path.',
    );
}

/** Without any percent encoding, to the last layer. Every round makes the text shorter, so this ends. */
function decoded(text: string): string {
  for (let now = text; ;) {
    const next = now.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
    if (next === now) return now;
    now = next;
  }
}
