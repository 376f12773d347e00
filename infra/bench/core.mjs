// npm run bench:core [-- --json FILE]: start, memory, event latency, throughput and request rates on the embedded set-up (or DATABASE_URL's).
// Two parts: a platform as a process of its own, driven over HTTP; and the messaging stack in this process, so that times begin at the commit.
import 'reflect-metadata';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureMessaging } from './messaging.mjs';
import { startPlatform } from './platform.mjs';
import { quantile, Report } from './report.mjs';

const report = new Report();

const residentMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function load(url, token, concurrency, seconds, bodyOf) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
  const target = new URL('/graphql', url);
  const times = [];
  let errors = 0;
  const one = (body) =>
    new Promise((resolve) => {
      const begun = performance.now();
      const request = http.request(
        target,
        { method: 'POST', agent, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part) => (text += part));
          response.on('end', () => {
            times.push(performance.now() - begun);
            if (response.statusCode !== 200 || text.includes('"errors"')) errors += 1;
            resolve();
          });
        },
      );
      request.on('error', () => ((errors += 1), resolve()));
      request.end(JSON.stringify(body));
    });
  const until = performance.now() + seconds * 1000;
  const lane = async () => {
    while (performance.now() < until) await one(bodyOf());
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  agent.destroy();
  if (errors) throw new Error(`${errors} of ${times.length} requests failed`);
  return { value: (times.length / (performance.now() - begun)) * 1000, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

const home = mkdtempSync(join(tmpdir(), 'tailrace-bench-'));
try {
  const cold = await startPlatform(home);
  report.add('cold start to ready', 'ms', { value: cold.ms });
  await cold.stop();
  const warmTimes = [];
  let platform;
  for (let i = 0; i < 3; i++) {
    if (platform) await platform.stop();
    platform = await startPlatform(home);
    warmTimes.push(platform.ms);
  }
  report.add('warm start to ready', 'ms', { value: quantile(warmTimes, 0.5) }, { at: 3000, of: 'value' });
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  report.add(
    'platform at rest, resident, beside PostgreSQL',
    'MB',
    { value: residentMb(platform.pid) },
    { at: 300, of: 'value' },
  );
  const read = { query: '{ datasets(first: 20) { edges { node { id name newestVersion { number state } } } } }' };
  let n = 0;
  const mutation = () => ({
    query: 'mutation($i: CreateDatasetInput!) { createDataset(input: $i) { dataset { id } userErrors { code } } }',
    variables: { i: { name: `d${process.pid}-${n++}` } },
  });
  await load(platform.url, platform.token, 4, 1, mutation);
  await load(platform.url, platform.token, 4, 1, () => read);
  for (const connections of [1, 16]) {
    report.add(
      `GraphQL read (20 data sets with their newest version), ${connections} connections`,
      'req/s, ms',
      await load(platform.url, platform.token, connections, 4, () => read),
    );
    report.add(
      `GraphQL mutation (create data set), ${connections} connections`,
      'req/s, ms',
      await load(platform.url, platform.token, connections, 4, mutation),
    );
  }
  await platform.stop();
  await measureMessaging(report, mkdtempSync(join(home, 'messaging-')));
} finally {
  rmSync(home, { recursive: true, force: true });
}
report.finish(process.argv);
process.exit(0);
