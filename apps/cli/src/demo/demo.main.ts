import { runDemo } from './demo.js';

await runDemo({ home: process.argv[2] });
