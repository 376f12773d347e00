/** Tag of a logged model that lists the versions that were registered of it. */
export const VERSIONS_TAG = 'mlflow.modelVersions';

interface Listed {
  readonly name: string;
  readonly version: number | string;
}

/** The list with one more; text in the form that MLflow's own server writes. A list that is none begins anew. */
export function versionsTag(old: string | undefined, added: Listed): string {
  const listed = parsed(old);
  const all = listed.some(({ name, version }) => name === added.name && version === added.version) ? listed : [...listed, added];
  return `[${all.map(({ name, version }) => `{"name": ${JSON.stringify(name)}, "version": ${JSON.stringify(version)}}`).join(', ')}]`;
}

function parsed(text: string | undefined): Listed[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list) ? list.filter((item) => typeof (item as Listed | null)?.name === 'string') : [];
  } catch {
    return [];
  }
}
