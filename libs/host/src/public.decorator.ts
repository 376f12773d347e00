import { SetMetadata } from '@nestjs/common';
import type { Permission } from '#access';

export const ACCESS_METADATA = 'tailrace:access';

/** Who may call a route or resolver: anyone, the holder of a permission, or the attempt of a training job. */
export type AccessRule = 'public' | 'attempt' | Permission;

/** Callable by anyone, without a token. */
export const Public = () => SetMetadata<string, AccessRule>(ACCESS_METADATA, 'public');
/** Callable with a token that has this permission somewhere; use cases check it on the project of what they touch. */
export const Requires = (permission: Permission) => SetMetadata<string, AccessRule>(ACCESS_METADATA, permission);
/** Callable with the token of a training attempt only. */
export const AttemptOnly = () => SetMetadata<string, AccessRule>(ACCESS_METADATA, 'attempt');
