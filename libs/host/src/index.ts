export { createBlobStore } from './blob-store.factory.js';
export { DomainsModule, toPoint } from './domains.module.js';
export { migrateAll, migrationsDir } from './migrate.js';
export { PlatformModule, type PlatformOptions } from './platform.module.js';
export { ACCESS_METADATA, AttemptOnly, Public, Requires, type AccessRule } from './public.decorator.js';
export { CONFIG } from './tokens.js';
