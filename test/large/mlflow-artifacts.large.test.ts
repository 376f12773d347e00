import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlatform, type Server } from '#testing';

/** Artifacts of MLflow's clients: which paths are refused, and that content is a download or a preview, never a page. */
let server: Server;
beforeAll(async () => {
  server = await startPlatform();
}, 60_000);
afterAll(() => server.stop());

async function aRun(experimentId: string): Promise<string> {
  const answer = await fetch(new URL('/api/2.0/mlflow/runs/create', server.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ experiment_id: experimentId }),
  });
  return ((await answer.json()) as { run: { info: { run_id: string } } }).run.info.run_id;
}

describe('artifacts', () => {
  /** The path as it is: `fetch` would resolve it first. */
  const put = (path: string, body: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${server.token}` };
      const { hostname, port } = new URL(server.url);
      request({ hostname, port, method: 'PUT', path: `/api/2.0/mlflow-artifacts/artifacts/${path}`, headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode));
      })
        .on('error', reject)
        .end(body);
    });

  test.each([
    '%2e%2e/x',
    '..%2fx',
    '%252e%252e/x',
    'a/%2e%2e/%2e%2e/x',
    'a%5cb',
    'C:/x',
    'a%0ab',
    '%00',
    'a%23b',
    'a%3Fb',
    'a;b',
    '.git/config',
    '%E2%80%A5/x',
    '%EF%BC%8E%EF%BC%8E/x',
    'x'.repeat(5000),
  ])('a path such as %s is refused', async (path) => {
    const answer = await put(`0/${await aRun('0')}/artifacts/${path}`, 'x');
    expect(answer).toBe(400);
  });

  test('are downloads, never pages, and the same content is one blob', async () => {
    const runId = await aRun('0');
    for (const name of ['page.html', 'copy.html'])
      expect(await put(`0/${runId}/artifacts/${name}`, '<script>alert(1)</script>')).toBe(200);
    const answer = await fetch(new URL(`/get-artifact?run_id=${runId}&path=page.html`, server.url), {
      headers: { authorization: `Bearer ${server.token}` },
    });
    expect(await answer.text()).toBe('<script>alert(1)</script>');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename=page.html');
    expect([answer.headers.get('x-content-type-options'), answer.headers.get('content-type')]).toEqual([
      'nosniff',
      'application/octet-stream',
    ]);
    const run = await server
      .client()
      .query<{ run: { artifacts: { blob: string }[] } }>('query ($id: ID!) { run(id: $id) { artifacts { blob } } }', {
        id: `run_${runId}`,
      });
    expect(new Set(run.run.artifacts.map(({ blob }) => blob)).size).toBe(1);
  });
});

test('previews show characters and bitmaps, never a page', async () => {
  const runId = await aRun('0');
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const headers = { authorization: `Bearer ${server.token}` };
  for (const [name, body] of [
    ['page.svg', '<svg onload="alert(1)"/>'],
    ['plot.html', png],
  ] as const)
    await fetch(new URL(`/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/${name}`, server.url), {
      method: 'PUT',
      headers,
      body,
    });
  const preview = (path: string) =>
    server
      .client()
      .query<{ artifactPreview: object }>(
        'query ($id: ID!, $path: String!) { artifactPreview(ownerId: $id, path: $path) { kind text mediaType size } }',
        { id: `run_${runId}`, path },
      );
  expect((await preview('page.svg')).artifactPreview).toEqual({
    kind: 'TEXT',
    text: '<svg onload="alert(1)"/>',
    mediaType: null,
    size: '24',
  });
  expect((await preview('plot.html')).artifactPreview).toMatchObject({ kind: 'IMAGE', mediaType: 'image/png' });
  const image = (path: string) =>
    fetch(new URL(`/v1/artifacts/image?ownerId=run_${runId}&path=${path}`, server.url), { headers });
  const shown = await image('plot.html');
  expect([shown.status, shown.headers.get('content-type'), shown.headers.get('content-security-policy')]).toEqual([
    200,
    'image/png',
    "sandbox; default-src 'none'",
  ]);
  expect(Buffer.from(await shown.arrayBuffer())).toEqual(png);
  expect((await image('page.svg')).status).toBe(400);
});
