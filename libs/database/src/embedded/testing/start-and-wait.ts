import { writeSync } from 'node:fs';
import { startEmbedded } from '../start-embedded.js';

// Starts the server of the folder argv[2], tells its port, pid and URL in one line, and waits to be killed; with `stop`, it stops the
// server instead and ends when nothing keeps it alive.
const { stop, port, pid, superuserUrl, adopted } = await startEmbedded({ dir: process.argv[2]! });
writeSync(1, `${JSON.stringify({ port, pid, superuserUrl, adopted })}\n`);
if (process.argv[3] === 'stop') await stop();
else setInterval(() => {}, 60_000);
