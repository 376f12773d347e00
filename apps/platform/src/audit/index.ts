export { retireAudit, type Retired } from './retire.js';
