import { DomainError } from '#kernel';
import { isProjectPath } from './permissions.js';

/** The project path of an input, `/` when it names none. Throws BAD_INPUT for what is no path. */
export function checkedProject(project: string | null | undefined): string {
  const path = project ?? '/';
  if (!isProjectPath(path)) throw new DomainError('BAD_INPUT', 'project must be / or a path such as /vision/detect', 'project');
  return path;
}

/** Throws BAD_INPUT for a name that is not 1 to 100 letters, digits, dots, dashes or underscores. */
export function checkName(name: string): void {
  if (!/^\w[\w.-]{0,99}$/.test(name))
    throw new DomainError('BAD_INPUT', 'name must be 1 to 100 letters, digits, dots, dashes or underscores', 'name');
}
