import type { NumberOp, TextTest } from '#database';
import { PROMPT_TAG, type ModelCondition, type ModelQuery, type VersionCondition, type VersionQuery } from '#registry';
import { invalid } from '../wire/errors.js';
import { toRunId } from '../wire/ids.js';
import { checkComparator, parseFilter, parseOrder, quotedText, type Clause } from './grammar.js';

type Entity = 'attribute' | 'tag';
const ENTITIES: Readonly<Record<string, Entity>> = { attribute: 'attribute', tag: 'tag', tags: 'tag' };
const NUMBER_OPS = ['>', '>=', '!=', '=', '<', '<='];
const TEXT_OPS = ['=', '!=', 'LIKE', 'ILIKE'];
const LIST_OPS = [...TEXT_OPS, 'IN', 'NOT IN'];
const MODEL_KEYS = ['name'];
const VERSION_KEYS = ['name', 'version_number', 'run_id', 'source_path'];

/** Filter of registered-models/search. Throws INVALID_PARAMETER_VALUE in MLflow's words. */
export function modelFilter(filter: string): Required<Pick<ModelQuery, 'where' | 'prompts'>> {
  return withoutPromptTag(
    parseFilter(filter).map((clause): ModelCondition => {
      const [entity, key] = target(clause, MODEL_KEYS, 'registered model');
      return entity === 'tag' ? tagTest(clause, key) : { kind: 'name', ...textTest(clause, LIST_OPS) };
    }),
  );
}

/** Filter of model-versions/search. */
export function versionFilter(filter: string): Required<Pick<VersionQuery, 'where' | 'prompts'>> {
  return withoutPromptTag(
    parseFilter(filter).map((clause): VersionCondition => {
      const [entity, key] = target(clause, VERSION_KEYS, 'model version');
      if (entity === 'tag') return tagTest(clause, key);
      switch (key) {
        case 'version_number':
          return numberTest(clause);
        case 'run_id':
          return runTest(textTest(clause, LIST_OPS));
        case 'source_path':
          return { kind: 'source', ...textTest(clause, TEXT_OPS) };
        default:
          return { kind: 'model', ...textTest(clause, LIST_OPS) };
      }
    }),
  );
}

function target({ identifier, value }: Clause, keys: readonly string[], what: string): readonly [Entity, string] {
  if (!value) throw invalid(`IS NULL / IS NOT NULL is not supported for ${what} search.`);
  const [head, key] = identifier.length === 1 ? ['attribute', identifier[0]!] : (identifier as [string, string]);
  if (!Object.hasOwn(ENTITIES, head))
    throw invalid(`Invalid entity type '${head}'. Valid entity types are ('attribute', 'tag', 'tags')`);
  if (ENTITIES[head] === 'attribute' && !keys.includes(key))
    throw invalid(`Invalid attribute key '${key}' specified. Valid keys are '${keys.join(', ')}'`);
  return [ENTITIES[head]!, key];
}

function tagTest({ op, value }: Clause, key: string): { kind: 'tag'; key: string } & TextTest {
  const text = quotedText(value!, 'tag');
  if (!TEXT_OPS.includes(op)) throw invalid(`Invalid comparator for tag: ${op}`);
  return { kind: 'tag', key, op: op as TextTest['op'], value: text };
}

function textTest({ op, value }: Clause, ops: readonly string[]): TextTest {
  if (value!.kind === 'number')
    throw invalid(`Expected a quoted string value or a list of quoted string values for attributes. Got value ${value!.raw}`);
  const given = value!.kind === 'list' ? value!.items : quotedText(value!, 'attributes');
  if (!ops.includes(op) || (value!.kind === 'list') !== op.endsWith('IN'))
    throw invalid(`Invalid comparator for attribute: ${op}`);
  return { op: op as TextTest['op'], value: given };
}

function numberTest({ op, value }: Clause): VersionCondition {
  if (value!.kind !== 'number')
    throw invalid(`Expected numeric value type for numeric attribute: version_number. Found ${value!.raw}`);
  checkComparator(op, NUMBER_OPS);
  return { kind: 'number', op: op as NumberOp, value: value!.number };
}

/** Equality is asked of the run's own id, which has an index; patterns are of the digits that clients see. */
function runTest(test: TextTest): VersionCondition {
  if (test.op !== '=' && test.op !== 'IN') return { kind: 'runDigits', ...test };
  return { kind: 'runId', op: test.op, value: typeof test.value === 'string' ? toRunId(test.value) : test.value.map(toRunId) };
}

/** `= 'true'` and `!= 'false'` ask for prompts; every other test of the tag means what is none, with or without the tag. */
function withoutPromptTag<C extends ModelCondition | VersionCondition>(conditions: C[]): { where: C[]; prompts: boolean } {
  const asked = conditions.find((each) => each.kind === 'tag' && each.key === PROMPT_TAG) as (TextTest & C) | undefined;
  const value = String(asked?.value).toLowerCase();
  const prompts = (asked?.op === '=' && value === 'true') || (asked?.op === '!=' && value === 'false');
  if (prompts) return { where: conditions, prompts };
  return { where: conditions.filter((each) => each.kind !== 'tag' || each.key !== PROMPT_TAG), prompts };
}

const MODEL_ORDER = { name: 'name', timestamp: 'updatedAt', last_updated_timestamp: 'updatedAt' } as const;
const VERSION_ORDER = {
  name: 'model',
  version_number: 'number',
  creation_timestamp: 'createdAt',
  last_updated_timestamp: 'updatedAt',
} as const;

export function modelOrder(orderBy: readonly string[]): NonNullable<ModelQuery['orderBy']> {
  for (const item of orderBy)
    // A keyword of SQL, after which MLflow's parser reads on.
    if (/^\s*timestamp\s/i.test(item) && !/^\s*timestamp\s+(asc|desc)?\s*$/i.test(item))
      throw invalid(`Invalid order_by clause '${item}'. Could not be parsed.`);
  return order(orderBy, MODEL_ORDER, 'order by');
}

export function versionOrder(orderBy: readonly string[]): NonNullable<VersionQuery['orderBy']> {
  return order(orderBy, VERSION_ORDER, 'attribute');
}

function order<F extends string>(
  orderBy: readonly string[],
  fields: Readonly<Record<string, F>>,
  what: string,
): { field: F; descending: boolean }[] {
  const seen = new Set<string>();
  return orderBy.map((item) => {
    const { identifier, descending } = parseOrder(item);
    const [key, head] = [identifier.at(-1)!, identifier.length > 1 ? identifier[0]! : 'attribute'];
    if (head !== 'attribute' || !Object.hasOwn(fields, key))
      throw invalid(`Invalid ${what} key '${key}' specified. Valid keys are '${Object.keys(fields).join(', ')}'`);
    const field = fields[key]!;
    if (seen.has(field)) throw invalid(`\`order_by\` contains duplicate fields: ${orderBy.join(', ')}`);
    seen.add(field);
    return { field, descending };
  });
}
