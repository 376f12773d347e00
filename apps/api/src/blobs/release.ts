/**
 * Gives back the memory of a chunk that has been read from a socket, at once. Left to the collector, 64 KiB of every read count as memory pressure, and
 * each few MiB of an upload make it go through the whole heap: that was half of what an upload cost. Only a chunk that is all of its own memory is given
 * back, which those of the HTTP parser are: a slice of something shared stays.
 */
export function release(chunk: Uint8Array): void {
  const { buffer, byteLength } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0) buffer.transfer(0);
}
