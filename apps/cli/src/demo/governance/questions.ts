import { chainLines } from '../../audit/chain-lines.js';
import { verifyChain } from '../../audit/verify-chain.js';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { renderTree, type TreeGraph } from '../../output/tree.js';
import { LINEAGE } from '../documents.js';
import { check, type Stage } from '../stage.js';
import { AUDIT, AUDIT_HEAD, CARD, DIFF, EXECUTIONS, HISTORY, STANDING } from './documents.js';
import { requestsOf, type Quarter } from './story.js';

interface Entry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly count: number;
  readonly after: { passedOver?: { gates: { kind: string }[]; approvals: number } } | null;
  readonly member: { name: string } | null;
}
interface Stay {
  readonly number: number;
  readonly enteredAt: string;
  readonly leftAt: string | null;
  readonly enteredByMember: { name: string } | null;
  readonly enteredBy: string;
  readonly reason: string | null;
  readonly forced: boolean;
}

const time = (at: string): string => at.slice(11, 19);

/** What an auditor asks at the end of the quarter, and what the platform answers: each answer is read from its API, and checked. */
export class Questions {
  constructor(
    private readonly stage: Stage,
    private readonly client: TailraceClient,
    private readonly quarter: Quarter,
  ) {}

  async ask(): Promise<void> {
    await this.question('What stood in production, when, for how long, by whom and why?', () => this.history());
    await this.question('And at one moment in the middle of it?', () => this.atTheMoment());
    await this.question('On what grounds was the last approved version let in, and who decided?', () => this.grounds());
    await this.question('What was refused, and why?', () => this.refusedByGates());
    await this.question('Who tried what was not theirs to do?', () => this.refusedAttempts());
    await this.question('Was anything done past the rules?', () => this.pastTheRules());
    await this.question('What did the machine do by itself, and on whose behalf?', () => this.automation());
    await this.question('Where does this prediction come from?', () => this.origin());
    await this.question('What tells the two versions apart that have served?', () => this.difference());
    await this.question('What is the model for, and what is it not for?', () => this.card());
    await this.question('Could somebody have changed this record since?', () => this.unchanged());
  }

  private question(title: string, answer: () => Promise<string>): Promise<void> {
    return this.stage.step(title, answer);
  }

  private async history(): Promise<string> {
    const { node } = await this.client.query<{ node: { stageHistory: { edges: { node: Stay }[] } } }>(HISTORY, {
      id: this.quarter.modelId,
    });
    const stays = node.stageHistory.edges.map((edge) => edge.node).reverse();
    for (const { number, enteredAt, leftAt, enteredBy, enteredByMember, reason, forced } of stays)
      this.stage.line(
        `  version ${number}  ${time(enteredAt)} to ${leftAt ? time(leftAt) : 'now     '}  by ${(enteredByMember?.name ?? enteredBy).padEnd(24)} ${forced ? 'FORCED: ' : ''}${reason ?? ''}`,
      );
    check(
      stays.map(({ number }) => number).join() === `1,${this.quarter.versions.at(-1)!.number},1`,
      'three stays: the first version, the last, the first again',
    );
    check(
      stays[2]!.forced && !stays[0]!.forced && stays[1]!.leftAt === stays[2]!.enteredAt,
      'only the last one was forced, and nothing was empty in between',
    );
    return `${stays.length} stays without a gap`;
  }

  private async atTheMoment(): Promise<string> {
    const { modelId, peak, versions } = this.quarter;
    const { node } = await this.client.query<{ node: { standing: { number: number }[] } }>(STANDING, { id: modelId, at: peak });
    check(node.standing.length === 1 && node.standing[0]!.number === versions.at(-1)!.number, 'one version stood there');
    return `at ${time(peak)} it was version ${node.standing[0]!.number}`;
  }

  private async grounds(): Promise<string> {
    const request = (await requestsOf(this.client, this.quarter.versions.at(-1)!.id)).find(({ state }) => state === 'DONE')!;
    for (const { gate, outcome, message } of request.gates) this.stage.line(`  ${outcome} ${gate.kind}: ${message}`);
    const [approval] = request.approvals;
    check(approval && approval.member?.name !== request.requestedBy?.name, 'another one than who asked has decided');
    return `asked by ${request.requestedBy?.name}, ${approval.decision} by ${approval.member?.name}: "${approval.comment}"`;
  }

  private async refusedByGates(): Promise<string> {
    const requests = (await Promise.all(this.quarter.versions.map(({ id }) => requestsOf(this.client, id)))).flat();
    const blocked = requests.filter(({ state }) => state === 'BLOCKED');
    const reasons = blocked.flatMap(({ gates }) => gates.filter(({ outcome }) => outcome !== 'passed'));
    for (const { gate, message } of reasons) this.stage.line(`  ${gate.kind}: ${message}`);
    check(blocked.length === 1, 'one request was blocked');
    return 'one version, by its figures';
  }

  private async refusedAttempts(): Promise<string> {
    const entries = await this.entries({ outcome: 'refused' });
    for (const { at, member, actor, action, reason, count } of entries)
      this.stage.line(
        `  ${time(at)}  ${(member?.name ?? actor).padEnd(12)} ${action.padEnd(28)} ${reason ?? ''}${count > 1 ? ` (${count} times)` : ''}`,
      );
    check(entries.length >= 3, 'every refused attempt left an entry');
    return `${entries.length} refused attempts, each with who, what and why`;
  }

  private async pastTheRules(): Promise<string> {
    const entries = await this.entries({ action: 'model_version.stage_forced' });
    check(entries.length === 1 && entries[0]!.reason, 'one move went past the rules, with its reason');
    const { member, reason, after } = entries[0]!;
    const over = after?.passedOver;
    return `once, by ${member?.name}: "${reason}"; passed over: ${over?.gates.map(({ kind }) => kind).join(', ')}, ${over?.approvals} approval`;
  }

  private async automation(): Promise<string> {
    type Executions = {
      node: { name: string; executions: { edges: { node: { state: string; at: string; outcome: object | null } }[] } };
    };
    const { node } = await this.client.query<Executions>(EXECUTIONS, { id: this.quarter.triggerId });
    const executions = node.executions.edges.map((edge) => edge.node).reverse();
    for (const { at, state, outcome } of executions) this.stage.line(`  ${time(at)}  ${state}  ${JSON.stringify(outcome)}`);
    check(executions.length > 0, 'the trigger has fired');
    return `the trigger ${node.name} fired ${executions.length} times, with no more rights than its owner`;
  }

  private async origin(): Promise<string> {
    const { lineage } = await this.client.query<{ lineage: TreeGraph }>(LINEAGE, { id: this.quarter.predictionId });
    this.stage.line(renderTree(lineage));
    for (const kind of ['revision', 'model_version', 'run', 'code', 'dataset_version', 'blob'])
      check(
        lineage.nodes.some((node) => node.kind === kind),
        `the tree holds a ${kind}`,
      );
    return `${lineage.nodes.length} things stand behind it, down to the bytes of the data`;
  }

  private async difference(): Promise<string> {
    const { versions } = this.quarter;
    type Row = { key: string; a: number | string | null; b: number | string | null };
    const { modelVersionDiff: diff } = await this.client.query<{
      modelVersionDiff: { metrics: Row[]; data: Row[]; incompatible: string | null };
    }>(DIFF, {
      a: versions[0]!.id,
      b: versions.at(-1)!.id,
    });
    for (const { key, a, b } of [...diff.data, ...diff.metrics.filter((row) => /^test_(accuracy|f1_macro|rows)$/.test(row.key))])
      this.stage.line(`  ${key.padEnd(16)} ${String(a).slice(0, 24).padEnd(26)} ${String(b).slice(0, 24)}`);
    check(diff.data.length > 0 && diff.incompatible === null, 'other data, the same interface');
    return 'other data, other figures, the same interface';
  }

  private async card(): Promise<string> {
    const { modelCard } = await this.client.query<{ modelCard: string }>(CARD, { id: this.quarter.versions[0]!.id });
    const section = (title: string) => modelCard.split(`## ${title}\n`)[1]?.split('\n## ')[0]?.trim() ?? '';
    this.stage.line(`  intended use: ${section('Intended use')}\n  limitations: ${section('Limitations')}`);
    check(section('Intended use').includes('three islands'), 'the card says what it is for');
    return 'as its card says, beside data, training, figures and files';
  }

  private async unchanged(): Promise<string> {
    const { auditHead } = await this.client.query<{ auditHead: { workspaceId: string } }>(AUDIT_HEAD);
    const verdict = await verifyChain(chainLines(this.client), { workspaceId: auditHead.workspaceId });
    check(verdict.ok, `the chain of the audit holds: ${JSON.stringify(verdict.break)}`);
    return `no: ${verdict.links} entries hang on each other by their hashes, recomputed here, up to ${verdict.hash.slice(0, 16)}…`;
  }

  private async entries(where: object): Promise<Entry[]> {
    const { audit } = await this.client.query<{ audit: { edges: { node: Entry }[] } }>(AUDIT, {
      where: { ...where, from: this.quarter.since },
    });
    return audit.edges.map(({ node }) => node).reverse();
  }
}
