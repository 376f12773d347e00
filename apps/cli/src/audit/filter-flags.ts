import { Flags } from '@oclif/core';

/** Flags by which entries of the audit are chosen. */
export const filterFlags = {
  subject: Flags.string({ description: 'Id of what was touched.' }),
  kind: Flags.string({ description: 'Kind of what was touched, such as model_version.' }),
  action: Flags.string({ description: 'Action, such as model_version.approved; with a dot at its end, all that begin so.' }),
  actor: Flags.string({ description: 'Who acted: a member, trigger, attempt, part of the platform, or anonymous.' }),
  member: Flags.string({ description: 'Id of the member behind it.' }),
  token: Flags.string({ description: 'Id of the token.' }),
  address: Flags.string({ description: 'Address that the request came from.' }),
  outcome: Flags.string({ description: 'What became of it.', options: ['done', 'refused'] }),
  correlation: Flags.string({ description: 'Correlation id.' }),
  from: Flags.string({ description: 'From this time on (ISO 8601).' }),
  to: Flags.string({ description: 'Before this time (ISO 8601).' }),
};

type Given = { readonly [K in keyof typeof filterFlags]?: string };

/** The filter as the API names it, without what is not given. */
export function filterOf(flags: Given): Record<string, string> {
  const all = {
    subjectId: flags.subject,
    subjectKind: flags.kind,
    action: flags.action,
    actor: flags.actor,
    memberId: flags.member,
    tokenId: flags.token,
    address: flags.address,
    outcome: flags.outcome,
    correlationId: flags.correlation,
    from: flags.from,
    to: flags.to,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
