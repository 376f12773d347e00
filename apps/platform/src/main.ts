import 'reflect-metadata';
import { up } from './up.js';

await up(process.argv.slice(2));
