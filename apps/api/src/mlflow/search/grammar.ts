import { invalid } from '../wire/errors.js';

/**
 * MLflow's search grammar: comparisons joined by AND, and nothing else. `A OR B`, parentheses and `~` are errors here, in MLflow's words; GraphQL has
 * a richer language.
 */
export interface Clause {
  /** Parts of the identifier, unquoted: `metrics."my key"` is `['metrics', 'my key']`. */
  readonly identifier: readonly string[];
  /** As MLflow compares it: upper case for words. */
  readonly op: string;
  readonly value: Value | undefined;
}

export type Value =
  | { readonly kind: 'string'; readonly text: string; readonly raw: string }
  | { readonly kind: 'number'; readonly number: number; readonly raw: string }
  | { readonly kind: 'word'; readonly raw: string }
  | { readonly kind: 'list'; readonly items: readonly string[]; readonly raw: string };

interface Token {
  readonly kind: 'string' | 'number' | 'name' | 'op' | 'list' | 'other';
  readonly raw: string;
}

const TOKEN =
  /\s+|(?<number>-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![\w.]))|(?<string>'(?:[^']|'')*')|(?<name>(?:[\w$#@\-/:]+|"[^"]*"|`[^`]*`)(?:\.(?:[\w$#@\-/:]+|"[^"]*"|`[^`]*`))*)|(?<op><=|>=|!=|<>|==|!~\*?|~[*=]?|[<>=])|(?<list>\([^()]*\))|(?<other>.)/gsy;

const KEYWORDS = new Set([
  'AND',
  'OR',
  'NAND',
  'NOR',
  'XOR',
  'NOT',
  'IS',
  'IN',
  'LIKE',
  'ILIKE',
  'NULL',
  'TRUE',
  'FALSE',
  'BETWEEN',
]);

function tokenize(filter: string): Token[] {
  const tokens: Token[] = [];
  for (const match of filter.matchAll(TOKEN)) {
    const [kind] = Object.entries(match.groups!).find(([, part]) => part !== undefined) ?? [];
    if (kind) tokens.push({ kind: kind as Token['kind'], raw: match[0] });
  }
  return tokens;
}

const word = (token: Token | undefined): string => (token?.kind === 'name' ? token.raw.toUpperCase() : '');

/** Throws INVALID_PARAMETER_VALUE with the text that MLflow has for it. An empty filter has no clause. */
export function parseFilter(filter: string): Clause[] {
  const tokens = tokenize(filter);
  const end = tokens.findIndex((token) => token.raw === ';');
  if (end >= 0 && end < tokens.length - 1)
    throw invalid(`Search filter contained multiple expression '${filter}'. Provide AND-ed expression list.`);
  const clauses: Clause[] = [];
  for (let i = 0; i < (end < 0 ? tokens.length : end);) {
    if (word(tokens[i]) === 'AND') {
      i += 1;
      continue;
    }
    const [op, length] = operatorAt(tokens, i + 1);
    if (op === undefined) throw invalidClause(tokens[i]!.raw);
    const value = op.startsWith('IS ') ? undefined : tokens[i + 1 + length];
    if (!op.startsWith('IS ') && !isValue(value))
      throw invalidClause(
        tokens
          .slice(i, i + 2 + length)
          .map((token) => token.raw)
          .join(' '),
      );
    clauses.push({ identifier: identifierOf(tokens[i]!), op, value: value && valueOf(value) });
    i += 1 + length + (value ? 1 : 0);
  }
  return clauses;
}

/** Operator that begins at a token, and of how many tokens it is. */
function operatorAt(tokens: readonly Token[], i: number): [string | undefined, number] {
  const [first, second, third] = [word(tokens[i]), word(tokens[i + 1]), word(tokens[i + 2])];
  if (tokens[i]?.kind === 'op') return [tokens[i]!.raw, 1];
  if (first === 'LIKE' || first === 'ILIKE' || first === 'IN') return [first, 1];
  if (first === 'NOT' && (second === 'IN' || second === 'LIKE' || second === 'ILIKE')) return [`NOT ${second}`, 2];
  if (first === 'IS' && second === 'NULL') return ['IS NULL', 2];
  if (first === 'IS' && second === 'NOT' && third === 'NULL') return ['IS NOT NULL', 3];
  return [undefined, 0];
}

function isValue(token: Token | undefined): token is Token {
  if (!token) return false;
  return token.kind === 'name' ? !KEYWORDS.has(word(token)) : token.kind !== 'op' && token.kind !== 'other';
}

function identifierOf(token: Token): string[] {
  if (token.kind === 'number' || token.kind === 'string')
    throw invalid(`Invalid comparison clause. Expected 'Identifier' found '${token.raw}'`);
  if (token.kind !== 'name') throw invalidClause(token.raw);
  return splitIdentifier(token.raw);
}

/**
 * Parts of an identifier: the entity before the first dot that is in no quotes, and the rest as the key. An attribute has no dot, so that one that is
 * quoted with its entity is an entity that there is not.
 */
export function splitIdentifier(raw: string): string[] {
  if (/^`[^`]*\.[^`]*`$/.test(raw)) return [raw.slice(0, raw.indexOf('.')), raw.slice(raw.indexOf('.') + 1)];
  const match = /^("[^"]*"|`[^`]*`|[^."`]+)(?:\.(.*))?$/s.exec(raw);
  return match
    ? match
        .slice(1)
        .filter((part) => part !== undefined)
        .map(unquote)
    : [raw];
}

function unquote(part: string): string {
  return /^(".*"|`.*`)$/s.test(part) ? part.slice(1, -1) : part;
}

function valueOf(token: Token): Value {
  const { raw } = token;
  switch (token.kind) {
    case 'number':
      return { kind: 'number', number: Number(raw), raw };
    case 'string':
      return { kind: 'string', text: raw.slice(1, -1).replaceAll("''", "'"), raw };
    case 'list':
      return { kind: 'list', items: listItems(raw), raw };
    default:
      return /^"[^"]*"$/.test(raw) ? { kind: 'string', text: raw.slice(1, -1), raw } : { kind: 'word', raw };
  }
}

/** `('a', "b")`: quoted texts, whatever their case, unlike in MLflow. */
function listItems(raw: string): string[] {
  const items: string[] = [];
  const rest = raw.slice(1, -1).replace(/\s*(?:'([^']*)'|"([^"]*)")\s*(?:,|$)/gy, (_, single?: string, double?: string) => {
    items.push(single ?? double ?? '');
    return '';
  });
  const expected = 'While parsing a list in the query, expected';
  if (rest.trim() === '' && items.length === 0)
    throw invalid(`${expected} a non-empty list of string values, but got empty list`);
  if (/^\s*,|,\s*,/.test(rest)) throw invalid(`${expected} a non-empty list of string values, but got ill-formed list.`);
  if (rest.trim() !== '')
    throw invalid(`${expected} string value, punctuation, or whitespace, but got different type in list: ${raw}`);
  return items;
}

function invalidClause(text: string): Error {
  return invalid(`Invalid clause(s) in filter string: '${text}'`);
}

/** The text of a value that must be quoted. */
export function quotedText(value: Value, what: string): string {
  if (value.kind === 'string') return value.text;
  if (value.kind === 'word')
    throw invalid(
      `Parameter value is either not quoted or unidentified quote types used for string value ${value.raw}. Use either single or double quotes.`,
    );
  throw invalid(`Expected a quoted string value for ${what} (e.g. 'my-value'). Got value ${value.raw}`);
}

export function checkComparator(op: string, allowed: readonly string[]): void {
  if (!allowed.includes(op))
    throw invalid(`Invalid comparator '${op}' not one of '{${allowed.map((each) => `'${each}'`).join(', ')}}'`);
}

const PART = '(?:[\\w$#@\\-/:]+|"[^"]*"|`[^`]*`)';
const ORDER = new RegExp(`^\\s*(${PART}(?:\\.${PART})*)(?:\\s+(\\w+)\\s*)?$`, 's');

/** One item of `order_by`: an identifier and a direction. */
export function parseOrder(item: string): { readonly identifier: string[]; readonly descending: boolean } {
  const [, identifier, direction] = ORDER.exec(item) ?? [];
  if (identifier === undefined) throw invalid(`Invalid order_by clause '${item}'. Could not be parsed.`);
  const word = direction?.toUpperCase();
  if (word !== undefined && word !== 'ASC' && word !== 'DESC')
    throw invalid(`Invalid ordering key in order_by clause '${item}'.`);
  return { identifier: splitIdentifier(identifier), descending: word === 'DESC' };
}
