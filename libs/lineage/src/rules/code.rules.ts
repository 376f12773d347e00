import type { EventData } from '#contracts';
import type { GraphPart } from '../model/graph.js';
import { edge, edgeIf, part } from './rule.js';

type Code = NonNullable<EventData<'run.started'>['code']>;

/**
 * What something was made with: a program at a commit, which is part of its repository at that commit, and changes that no commit holds. Those hang on what
 * was made with them, and not on the program: others at the same commit did not have them.
 */
export function codeOfMade(id: string, code: Code | null | undefined, made: { code: string; diff: string }): GraphPart {
  if (!code) return part([]);
  const { source, commit, repository, diff } = code;
  const whole = commit && (repository || !source) ? `code:${repository ?? 'git'}@${commit}` : null;
  const program = source ? `code:${source}${commit ? `@${commit}` : ''}` : whole!;
  const changes = diff && `diff:${diff}`;
  return part(
    [
      ...(whole ? [{ id: whole, label: `${repository ?? 'commit'} ${commit!.slice(0, 12)}` }] : []),
      ...(changes ? [{ id: changes, label: `changes to ${(commit ?? program).slice(0, 12)}` }] : []),
    ],
    [
      edge(id, made.code, program),
      ...edgeIf(program, 'part_of', whole === program ? null : whole),
      ...edgeIf(id, made.diff, changes),
      ...(changes ? [edge(changes, 'changes', whole ?? program)] : []),
    ],
  );
}
