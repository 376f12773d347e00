import { errorMessage } from '#kernel';
import { pidFilePath, postmasterIdentity, readPidFile, readRecord, removeStalePidFile } from './pid-file.js';
import { processIdentity } from './processes.js';
import type { Runtime } from './runtime.js';
import { untilReady, type RunningServer } from './server.js';

/**
 * The server that an earlier process of ours left running on this data folder, or undefined: then a postmaster.pid that nobody owns is
 * gone. Rejects when the server is there but does not let us in.
 */
export async function adoptServer(
  runtime: Runtime,
  password: string,
  log: (line: string) => void,
): Promise<RunningServer | undefined> {
  const { data } = runtime.layout;
  const record = await readRecord(runtime.layout.record);
  const file = await readPidFile(data);
  if (file === undefined) return undefined;
  if (file === 'garbage') {
    if (record && (await processIdentity(record.pid)) === record.identity)
      throw new Error(
        `${pidFilePath(data)} is damaged while its server (pid ${record.pid}) still runs: end it by \`kill -INT ${record.pid}\``,
      );
  } else if (await postmasterIdentity(file, data, record)) {
    const server = await untilReady(file.pid, data, password).catch((error: unknown) => {
      throw new Error(`a PostgreSQL (pid ${file.pid}) serves ${data} but cannot be adopted: ${errorMessage(error)}`, {
        cause: error,
      });
    });
    if (server) log(`adopted the running PostgreSQL (pid ${server.pid}, port ${server.port})`);
    return server;
  }
  log(`removing ${pidFilePath(data)}: ${file === 'garbage' ? 'it is damaged' : `pid ${file.pid} is no server of this folder`}`);
  await removeStalePidFile(data);
  return undefined;
}
