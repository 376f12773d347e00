import { sha256 } from '#kernel';

/**
 * MLflow's tags of what a run or logged model was made with (mlflow/utils/mlflow_tags.py; set by its run context, by projects and by
 * mlflow.genai.enable_git_model_versioning). https://mlflow.org/docs/latest/ml/tracking/#system-tags
 */
const SOURCE = 'mlflow.source.name';
const GIT = {
  commit: 'mlflow.source.git.commit',
  branch: 'mlflow.source.git.branch',
  repository: 'mlflow.source.git.repoURL',
  dirty: 'mlflow.source.git.dirty',
  diff: 'mlflow.source.git.diff',
} as const;

const MAX_LENGTH = 500;

/** Code in the words of an event: thin, so that a diff is its SHA-256. */
export interface SourceCode {
  /** A file, a notebook or a project; null where only the commit is known. */
  readonly source: string | null;
  readonly commit: string | null;
  readonly branch?: string;
  readonly repository?: string;
  /** There were changes that no commit holds. */
  readonly dirty?: boolean;
  /** SHA-256 of the text of these changes. */
  readonly diff?: string;
}

/** What a client says that something was made with; null where it does not say. */
export function codeOf(tags: Readonly<Record<string, string>>): SourceCode | null {
  const source = cut(tags[SOURCE]);
  const commit = cut(tags[GIT.commit]);
  if (!source && !commit) return null;
  const [branch, repository, dirty, diff] = [tags[GIT.branch], tags[GIT.repository], tags[GIT.dirty], tags[GIT.diff]];
  return {
    source,
    commit,
    ...(branch ? { branch: cut(branch)! } : {}),
    ...(repository ? { repository: cut(withoutSecrets(repository))! } : {}),
    ...(dirty ? { dirty: dirty.toLowerCase() === 'true' } : {}),
    ...(diff ? { diff: sha256(diff) } : {}),
  };
}

function cut(text: string | undefined): string | null {
  return text?.slice(0, MAX_LENGTH) || null;
}

/** A remote may hold a user and a token, and its query others: events go out of the house. `git@host:path` names no secret. */
function withoutSecrets(remote: string): string {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)(?:[^/]*@)?([^?#]*)/i.exec(remote);
  return parts ? `${parts[1]}${parts[2]}` : remote.replace(/^[^/@]*:[^/@]*@/, '');
}
