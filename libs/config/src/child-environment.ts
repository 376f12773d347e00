/** Environment of a child process: the few variables that programs need, and what the caller adds; never this process's secrets. */
export function childEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = [
    'PATH',
    'HOME',
    'LANG',
    'LC_ALL',
    'TZ',
    'TMPDIR',
    'LD_LIBRARY_PATH',
    'CUDA_VISIBLE_DEVICES',
    'OPENBLAS_CORETYPE',
    'NO_COLOR',
  ];
  const env: NodeJS.ProcessEnv = {};
  for (const name of kept) if (process.env[name] !== undefined) env[name] = process.env[name];
  return { ...env, ...extra };
}
