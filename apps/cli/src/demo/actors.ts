import { TailraceClient } from '../client/tailrace-client.js';
import { CREATE_MEMBER, CREATE_TOKEN } from './documents.js';

export interface Actors {
  /** Trains, registers and asks for promotion; an approver too, which does not let her approve what she asked for. */
  readonly ada: TailraceClient;
  /** Approves. */
  readonly grace: TailraceClient;
  /** Tells apart the names of one demo from those of another on the same server. */
  readonly suffix: string;
}

/** Two members with tokens of their own. */
export async function makeActors(admin: TailraceClient, suffix: string): Promise<Actors> {
  const join = async (name: string) => {
    const { member } = await admin.mutate<{ member: { id: string } }>(CREATE_MEMBER, {
      name: `${name}${suffix}`,
      role: 'approver',
    });
    const { token } = await admin.mutate<{ token: string }>(CREATE_TOKEN, { memberId: member.id, name: 'demo', ttlDays: 7 });
    return new TailraceClient(admin.url, token);
  };
  return { ada: await join('ada'), grace: await join('grace'), suffix };
}
