import 'reflect-metadata';
import { loadConfig } from '#config';
import { bootRole, ensureFirstTokens } from '#host';
import { ApiRole } from './api.role.js';
import { createAdapter } from './http/server.js';
import { InferenceProxy } from './inference/inference.proxy.js';

const config = loadConfig();
const app = await bootRole(ApiRole, {
  service: 'api',
  adapter: createAdapter(config, new InferenceProxy(() => config.urls.inference)),
});
await ensureFirstTokens(app, config);
