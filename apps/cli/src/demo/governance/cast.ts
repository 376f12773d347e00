import { TailraceClient } from '../../client/tailrace-client.js';
import { CREATE_MEMBER, CREATE_TOKEN } from '../documents.js';

/** Who plays in it. */
export interface Cast {
  /** Trains, registers and asks; an editor. */
  readonly ada: TailraceClient;
  /** Approves. */
  readonly grace: TailraceClient;
  /** Runs the platform; an admin. */
  readonly olga: TailraceClient;
}

export async function makeCast(admin: TailraceClient, suffix: string): Promise<Cast> {
  const join = async (name: string, role: string) => {
    const { member } = await admin.mutate<{ member: { id: string } }>(CREATE_MEMBER, { name: `${name}${suffix}`, role });
    const { token } = await admin.mutate<{ token: string }>(CREATE_TOKEN, { memberId: member.id, name: 'demo', ttlDays: 7 });
    return new TailraceClient(admin.url, token);
  };
  return { ada: await join('ada', 'editor'), grace: await join('grace', 'approver'), olga: await join('olga', 'admin') };
}
