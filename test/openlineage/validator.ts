import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const SPEC = join(import.meta.dirname, 'spec');

interface Schema {
  readonly $id: string;
  /** Of a facet: the key under which it stands. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

const schemas = readdirSync(SPEC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(SPEC, name), 'utf8')) as Schema);
const keyOf = new Map(schemas.map(({ $id, properties = {} }) => [$id, Object.keys(properties)[0]]));

// The schemas carry examples in words that are no key words of JSON Schema.
const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as { default: typeof addFormats.default }).default(ajv as never);
for (const schema of schemas) ajv.addSchema(schema);

/** What is wrong in an event of OpenLineage, by the released schemas: of the event, and of each facet as it names its own. Empty when nothing is. */
export function faultsOf(event: unknown): string[] {
  const { schemaURL } = event as { schemaURL: string };
  if (!/^https:\/\/openlineage\.io\/spec\/2-0-2\/OpenLineage\.json#\/\$defs\/(Run|Job|Dataset)Event$/.test(schemaURL))
    return [`no event of 2-0-2: ${schemaURL}`];
  return [...by(schemaURL, event), ...facetsIn(event).flatMap(([key, facet]) => facetFaults(key, facet))];
}

/** Every facet of an event, by its key. */
export function facetsIn(value: unknown): [key: string, facet: Record<string, unknown>][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    key === 'facets' || key === 'inputFacets'
      ? (Object.entries(child as object) as [string, Record<string, unknown>][])
      : facetsIn(child),
  );
}

function facetFaults(key: string, facet: Record<string, unknown>): string[] {
  const url = String(facet['_schemaURL']);
  const [id] = url.split('#', 1) as [string];
  if (keyOf.get(id) !== key) return [`${key} is no facet of ${url}`];
  return by(url, facet).map((fault) => `${key}: ${fault}`);
}

function by(url: string, value: unknown): string[] {
  const validate = ajv.getSchema(url);
  if (!validate) return [`there is no schema ${url}`];
  return validate(value) ? [] : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
}
