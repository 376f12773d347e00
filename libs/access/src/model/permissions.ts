/** Roles of a member on a project path; each has all that the one before it has. */
export const ROLES = ['viewer', 'editor', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Every permission with the least role that has it. `service` permissions belong to machines, never to members. */
export const PERMISSIONS = {
  'dataset.read': 'viewer',
  'dataset.write': 'editor',
  'tracking.read': 'viewer',
  'tracking.write': 'editor',
  'training.read': 'viewer',
  'training.write': 'editor',
  'registry.read': 'viewer',
  'registry.write': 'editor',
  'registry.request': 'editor',
  'registry.approve': 'approver',
  /** To say by which flow models are judged. */
  'registry.govern': 'admin',
  /** To move a version past its gates and approvals. */
  'registry.override': 'admin',
  'deployment.read': 'viewer',
  'deployment.write': 'editor',
  'deployment.predict': 'viewer',
  'automation.read': 'viewer',
  'automation.write': 'editor',
  'lineage.read': 'viewer',
  'events.read': 'viewer',
  'audit.read': 'viewer',
  'self.read': 'viewer',
  /** Tokens of one's own. */
  'self.write': 'viewer',
  'access.read': 'viewer',
  'access.write': 'admin',
  'operations.write': 'admin',
  'node.serve': 'service',
} as const satisfies Record<string, Role | 'service'>;

export type Permission = keyof typeof PERMISSIONS;
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[];

/** What a token may do at most: all that its member may, only reading, only predicting, or what an inference node needs. */
export const SCOPES = ['all', 'read', 'predict', 'node'] as const;
export type Scope = (typeof SCOPES)[number];

/** Permissions over what belongs to no project: they need a role on the whole workspace, so that a path's member or admin does not get them. */
const WORKSPACE_WIDE: ReadonlySet<Permission> = new Set([
  'events.read',
  'audit.read',
  'access.read',
  'access.write',
  'operations.write',
] as const);

export function isWorkspaceWide(permission: Permission): boolean {
  return WORKSPACE_WIDE.has(permission);
}

export interface Grant {
  /** Project path; `/` is the whole workspace, `/a` also covers `/a/b`. */
  readonly path: string;
  readonly role: Role;
}

export function roleAllows(role: Role, permission: Permission): boolean {
  const least = PERMISSIONS[permission];
  return least !== 'service' && ROLES.indexOf(role) >= ROLES.indexOf(least);
}

export function scopeAllows(scope: Scope, permission: Permission): boolean {
  switch (scope) {
    case 'all':
      return PERMISSIONS[permission] !== 'service';
    case 'read':
      return PERMISSIONS[permission] === 'viewer' && permission !== 'deployment.predict' && permission !== 'self.write';
    case 'predict':
      return permission === 'deployment.predict' || permission === 'deployment.read';
    case 'node':
      return permission === 'node.serve' || permission === 'deployment.predict';
  }
}

/** What both of two members may: on the deeper of two paths of which one covers the other, with the lesser of the roles. */
export function commonGrants(left: readonly Grant[], right: readonly Grant[]): Grant[] {
  return left.flatMap((a) =>
    right.flatMap((b) => {
      const path = covers(a.path, b.path) ? b.path : covers(b.path, a.path) ? a.path : undefined;
      return path === undefined ? [] : [{ path, role: ROLES[Math.min(ROLES.indexOf(a.role), ROLES.indexOf(b.role))]! }];
    }),
  );
}

export function covers(grantPath: string, project: string): boolean {
  return grantPath === '/' || project === grantPath || project.startsWith(`${grantPath}/`);
}

/** `/` or `/a/b`: segments of letters, digits, `-`, `_` and `.`. */
export function isProjectPath(path: string): boolean {
  return path === '/' || (path.length <= 250 && /^(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/.test(path));
}
