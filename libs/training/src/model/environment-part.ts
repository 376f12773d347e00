import type { Ran } from '#contracts';
import { digestOf, type SpecPart } from './spec-parts.js';

/** What lineage tells apart of where a training ran: two trainings with the same digest ran in the same code, engine, back end and environment. */
export function environmentPart(ran: Ran): SpecPart {
  const { code, engine, backend, environment } = ran;
  const more = Object.entries(environment).map(([name, value]) => `${name} ${value}`);
  return { digest: digestOf(ran), label: [code, `${engine} on ${backend}`, ...more].join(', ').slice(0, MAX_LABEL) };
}

const MAX_LABEL = 500;
