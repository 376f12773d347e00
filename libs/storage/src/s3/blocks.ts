/** Gathers chunks into blocks of exactly `size` bytes; the last one is shorter, and there is none for an empty source. */
export async function* inBlocks(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer, void, undefined> {
  let gathered: Uint8Array[] = [];
  let room = size;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength;) {
      const piece = chunk.subarray(at, at + room);
      gathered.push(piece);
      at += piece.byteLength;
      room -= piece.byteLength;
      if (room > 0) continue;
      const block = Buffer.concat(gathered);
      [gathered, room] = [[], size];
      yield block;
    }
  }
  if (gathered.length > 0) yield Buffer.concat(gathered);
}
