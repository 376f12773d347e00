import { uuidv7 } from 'uuidv7';

/** Prefix of every public id; the prefix names the kind, so that one id space serves `node(id)`, the CLI and the logs. */
export const ID_PREFIXES = {
  workspace: 'wsp',
  member: 'mem',
  token: 'tok',
  upload: 'upl',
  dataset: 'dst',
  loggedDataset: 'lds',
  loggedModel: 'lgm',
  datasetVersion: 'dsv',
  experiment: 'exp',
  run: 'run',
  template: 'tpl',
  trainingJob: 'job',
  evaluation: 'evl',
  model: 'mdl',
  modelVersion: 'mdv',
  stageRequest: 'req',
  approval: 'apr',
  stageFlow: 'flw',
  endpoint: 'end',
  revision: 'rev',
  node: 'nod',
  trigger: 'trg',
  execution: 'exe',
  webhook: 'whk',
  webhookDelivery: 'whd',
  webhookReplay: 'whr',
  event: 'evt',
  audit: 'aud',
  auditCheckpoint: 'acp',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;
/** `<prefix>_<32 hex digits of a UUIDv7>`: sorts by time of creation, holds no dot (a legal `webhook-id`). */
export type Id<K extends IdKind = IdKind> = string & { readonly __kind?: K };

const BY_PREFIX = new Map<string, IdKind>(Object.entries(ID_PREFIXES).map(([kind, prefix]) => [prefix, kind as IdKind]));

export function newId<K extends IdKind>(kind: K): Id<K> {
  return `${ID_PREFIXES[kind]}_${uuidv7().replaceAll('-', '')}`;
}

/** The kind that an id names, or undefined when it is not one of ours. */
export function kindOfId(id: string): IdKind | undefined {
  const match = /^([a-z]{3})_[0-9a-f]{32}$/.exec(id);
  return match ? BY_PREFIX.get(match[1]!) : undefined;
}
