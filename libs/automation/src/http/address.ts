import { BlockList, isIP } from 'node:net';

/** Networks of the IANA special-purpose registries (RFC 6890 and later): none of them is a place on the public internet. */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Of IPv6 only 2000::/3 is handed out; inside it, these are not (Teredo among them, whose far end cannot be judged). */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '3fff::/20'];

/** A set of networks in CIDR form. */
export function networks(list: readonly string[]): BlockList {
  const set = new BlockList();
  for (const cidr of list) {
    const [address, bits] = cidr.split('/') as [string, string];
    set.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return set;
}

export function isIn(set: BlockList, address: string): boolean {
  return set.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

const special4 = networks(SPECIAL_V4);
const special6 = networks(SPECIAL_V6);
const global6 = networks(['2000::/3']);

/** Whether an address, as `effective` gives it, is one of the public internet. */
export function isPublic(address: string): boolean {
  return isIP(address) === 4 ? !isIn(special4, address) : isIn(global6, address) && !isIn(special6, address);
}

/**
 * The address that packets really go to: an IPv6 form that carries an IPv4 address (mapped, NAT64, 6to4) stands for that one. undefined for what is
 * no address.
 */
export function effective(address: string): string | undefined {
  if (isIP(address) === 4) return address;
  const plain = address.split('%')[0]!;
  if (isIP(plain) !== 6) return undefined;
  const groups = groupsOf(plain);
  const zeros = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0);
  if (zeros(0, 5) && groups[5] === 0xffff) return dotted(groups[6]!, groups[7]!);
  if (groups[0] === 0x64 && groups[1] === 0xff9b && zeros(2, 6)) return dotted(groups[6]!, groups[7]!);
  if (groups[0] === 0x2002) return dotted(groups[1]!, groups[2]!);
  return plain;
}

/** The eight groups of an IPv6 address; URL writes them in hexadecimal, also those in dotted form. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const parse = (part: string) => part.split(':').flatMap((group) => (group ? [Number.parseInt(group, 16)] : []));
  const [left, right] = [parse(head), parse(tail ?? '')];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
