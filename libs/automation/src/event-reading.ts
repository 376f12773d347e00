import { covers, roleAllows, type Authenticator, type Grant } from '#access';
import type { LoggedEvent } from '#contracts';
import type { TriggerEntity } from './automation.entities.js';
import type { FactsPort } from './facts.port.js';
import type { MetricValues } from './metric-windows.store.js';
import { factsAsked } from './model/condition.js';
import { holds } from './model/evaluate-condition.js';
import type { Facts } from './model/facts.js';
import { namesInText } from './model/notice-text.js';
import { readFilter } from './model/trigger.js';

type Listener = Pick<TriggerEntity, 'filter' | 'action' | 'ownerId'>;

/** Tests events against triggers; what it has asked once about a subject or an owner it does not ask again while it lives: one batch. */
export class EventReading {
  private readonly known = new Map<string, Promise<Facts>>();
  private readonly grants = new Map<string, Promise<readonly Grant[]>>();

  constructor(
    private readonly facts: FactsPort,
    private readonly authenticator: Pick<Authenticator, 'grantsOf'>,
    /** A trigger of one who has left fires, and fails since it may do nothing: so somebody sees that it has to be taken over. */
    private readonly firesForTheGone = false,
  ) {}

  /** The facts that the trigger asked for, when it is to fire; undefined when it is not. A trigger hears only what its owner may read. */
  async match(trigger: Listener, event: LoggedEvent, metrics: ReadonlyMap<string, MetricValues>): Promise<Facts | undefined> {
    const filter = readFilter(trigger.filter);
    if (filter.kind !== 'event') return undefined;
    const asked = [
      ...factsAsked(filter.where),
      ...(trigger.action.kind === 'notify_chat' ? namesInText(trigger.action.text, 'subject') : []),
    ];
    const all = asked.length > 0 ? await this.factsOf(event) : {};
    const view = { data: event.data as Record<string, unknown>, facts: all, metric: (name: string) => metrics.get(name) };
    if (!holds(filter.where, view) || !(await this.mayHear(trigger.ownerId, event))) return undefined;
    return Object.fromEntries(asked.filter((name) => Object.hasOwn(all, name)).map((name) => [name, all[name]!]));
  }

  /** Whether the owner may read the log of the whole workspace, or at least the project that the subject belongs to. */
  private async mayHear(ownerId: string, event: LoggedEvent): Promise<boolean> {
    const grants = await this.grantsOf(ownerId);
    if (grants.length === 0) return this.firesForTheGone;
    const reading = grants.filter(({ role }) => roleAllows(role, 'events.read'));
    if (reading.some(({ path }) => path === '/')) return true;
    if (reading.length === 0) return false;
    const { project } = await this.factsOf(event);
    return typeof project === 'string' && reading.some(({ path }) => covers(path, project));
  }

  private factsOf(event: LoggedEvent): Promise<Facts> {
    return once(this.known, `${event.workspaceId} ${event.id}`, () => this.facts.of(event.workspaceId, event));
  }

  private grantsOf(ownerId: string): Promise<readonly Grant[]> {
    return once(this.grants, ownerId, () => this.authenticator.grantsOf(ownerId));
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  let answer = known.get(key);
  if (!answer) known.set(key, (answer = ask()));
  return answer;
}
