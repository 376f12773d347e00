/** MLflow's tags of what a run ran: a file, a notebook or a project, and its commit. https://mlflow.org/docs/latest/ml/tracking/#system-tags */
const SOURCE = 'mlflow.source.name';
const COMMIT = 'mlflow.source.git.commit';

const MAX_LENGTH = 500;

/** What a client says that it ran, in the words of an event; null where it does not say. */
export function codeOf(tags: Readonly<Record<string, string>>): { source: string; commit: string | null } | null {
  const source = tags[SOURCE];
  if (!source) return null;
  return { source: source.slice(0, MAX_LENGTH), commit: tags[COMMIT]?.slice(0, MAX_LENGTH) || null };
}
