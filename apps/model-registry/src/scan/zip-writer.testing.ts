import { crc32 } from 'node:zlib';

export interface TestEntry {
  readonly name: string;
  readonly content?: Buffer;
  /** Unix mode in the upper half of the external attributes; a link is 0o120777. */
  readonly mode?: number;
  /** What the directory says of the unpacked size, where it lies. */
  readonly saidSize?: number;
}

/** A ZIP file of stored entries, also of a kind that no honest tool writes (APPNOTE.TXT 4.3). */
export function zipOf(entries: readonly TestEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content = Buffer.alloc(0), mode = 0o100644, saidSize = content.length } of entries) {
    const bytes = Buffer.from(name);
    const common = Buffer.alloc(22);
    common.writeUInt32LE(crc32(content), 8);
    common.writeUInt32LE(content.length, 12);
    common.writeUInt32LE(saidSize, 16);
    common.writeUInt16LE(bytes.length, 20);
    common.writeUInt16LE(0x0800, 0);
    // A stored entry cannot lie about its size.
    common.writeUInt16LE(saidSize === content.length ? 0 : 8, 2);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4, 20, 0]), common, Buffer.alloc(2), bytes, content]);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE((mode << 16) >>> 0, 8);
    tail.writeUInt32LE(offset, 12);
    directory.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 3, 20, 0]), common, tail, bytes]));
    files.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length & 0xffff, 8);
  end.writeUInt16LE(entries.length & 0xffff, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, central, end]);
}
