import { Injectable } from '@nestjs/common';
import { authorize, type Ctx } from '#access';
import {
  ExecutionsService,
  GuardedClient,
  noticeText,
  signedHeaders,
  type Acted,
  type Cause,
  type FiredTrigger,
  type OutsideAction,
} from '#automation';
import { eventName, eventType } from '#contracts';
import { OutsideFailure } from './outside-failure.js';

/** How long a receiver has: it shall take the call, and do its work later. */
const CALL_MS = 10_000;

/** Tries of a call; fewer than the queue's own, so that the execution says at the end what went wrong. */
const MAX_TRIES = 4;

/** Answers that say that the same may be taken later. */
const LATER = [408, 425, 429];

/** Calls of triggers to addresses that their makers chose, by the client that judges every address. What is secret in them is in no error and no outcome. */
@Injectable()
export class OutsideActions {
  constructor(
    private readonly executions: ExecutionsService,
    private readonly client: GuardedClient,
  ) {}

  /** Throws FORBIDDEN when the owner may not automate there any more, OutsideFailure when it did not arrive. */
  async run(ctx: Ctx, action: OutsideAction, fired: FiredTrigger): Promise<Acted> {
    const { trigger, execution } = fired;
    authorize(ctx, 'automation.write', trigger.project);
    const { tries, url, secrets } = await this.executions.sending(execution);
    if (!url) throw new OutsideFailure('the trigger has no address any more', false);
    const mayPass = tries < MAX_TRIES;
    const cause = execution.cause!;
    if (action.kind === 'notify_chat') {
      const body = Buffer.from(JSON.stringify({ text: noticeText(action.text, cause, execution.facts ?? {}) }));
      return this.post(url, { 'content-type': 'application/json' }, body, mayPass);
    }
    const body = Buffer.from(JSON.stringify(envelope(fired, cause)));
    // The same in each try of this execution, and another in a replay: receivers take equal ids for one.
    const signed = signedHeaders(execution.id, body, secrets, Date.now());
    return this.post(url, { 'content-type': 'application/cloudevents+json; charset=utf-8', ...signed }, body, mayPass);
  }

  private async post(url: string, headers: Readonly<Record<string, string>>, body: Buffer, mayPass: boolean): Promise<Acted> {
    const late = AbortSignal.timeout(CALL_MS);
    let status: number;
    try {
      status = (await this.client.post(url, headers, body, late)).status;
    } catch (error) {
      throw new OutsideFailure(late.aborted ? `no answer within ${CALL_MS / 1000} s` : reasonOf(error, url), mayPass);
    }
    if (status >= 200 && status < 300) return { outcome: { status: String(status) } };
    throw new OutsideFailure(`the receiver answered ${status}`, mayPass && (status >= 500 || LATER.includes(status)));
  }
}

/** The cause as a CloudEvent 1.0; `timestamp` beside `time`, as Standard Webhooks wants it. */
function envelope({ trigger, execution }: FiredTrigger, cause: Cause) {
  const known = eventName(cause.name);
  return {
    specversion: '1.0',
    id: cause.id,
    source: `/workspaces/${trigger.workspaceId}`,
    type: known ? eventType(known) : `io.tailrace.trigger.${cause.name}.v1`,
    subject: cause.subject,
    time: cause.time,
    timestamp: cause.time,
    datacontenttype: 'application/json',
    ...(cause.sequence ? { sequence: cause.sequence.padStart(20, '0') } : {}),
    correlationid: cause.correlationId,
    hops: cause.hops,
    triggerid: trigger.id,
    executionid: execution.id,
    data: cause.data,
  };
}

/** Node's error for several addresses that all failed has no text of its own. The address itself is a secret. */
function reasonOf(error: unknown, url: string): string {
  const { message, code } = error as { message?: string; code?: string };
  const { origin } = new URL(url);
  return (message || code || String(error)).replaceAll(url, origin).slice(0, 300);
}
