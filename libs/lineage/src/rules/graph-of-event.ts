import { eventType, type EventName, type LoggedEvent } from '#contracts';
import type { GraphPart } from '../model/graph.js';
import { DATA_RULES } from './data.rules.js';
import { MODEL_RULES } from './model.rules.js';
import { RUN_RULES } from './run.rules.js';
import { SERVING_RULES } from './serving.rules.js';
import { TRAINING_RULES } from './training.rules.js';
import type { Rules } from './rule.js';

/** What each event says about the graph. Every edge carries both ends, whose ids tell their kinds, so that the graph can be rebuilt from the log alone. */
const RULES: Rules = { ...DATA_RULES, ...RUN_RULES, ...TRAINING_RULES, ...MODEL_RULES, ...SERVING_RULES };

/** Events that say something about the graph. */
export const DRAWN_NAMES = Object.keys(RULES) as EventName[];
/** SQL over an event `e`: whether it says something about the graph. */
export const IS_DRAWN = `e.type in (${DRAWN_NAMES.map((name) => `'${eventType(name)}'`).join()})`;

export function graphOfEvent(event: Pick<LoggedEvent, 'name' | 'data'>): GraphPart {
  const rule = RULES[event.name] as ((data: unknown) => GraphPart) | undefined;
  return rule ? rule(event.data) : { nodes: [], edges: [] };
}
