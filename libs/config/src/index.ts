export { environment, loadConfig, type Config } from './config.js';
export { childEnvironment } from './child-environment.js';
