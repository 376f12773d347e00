import { describe, expect, test } from 'vitest';
import { AddressRules } from './address-rules.js';
import { effective } from './address.js';

const none = new AddressRules([]);
const local = new AddressRules(['127.0.0.0/8', 'fd00:1::/32']);

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450:4001::1',
  '2001:4860:4860::8888',
  '::ffff:8.8.8.8',
  '::ffff:808:808',
  '64:ff9b::8.8.8.8',
  '2002:808:808::1',
];

const PRIVATE = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '239.1.2.3',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:a00:1',
  '::ffff:169.254.169.254',
  '::ffff:0:127.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1.1.1.1',
  '100::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
];

describe('addresses', () => {
  test.each(PUBLIC)('%s is public: by HTTPS, not by HTTP', (address) => {
    expect(none.permits(address, 'https:')).toBe(true);
    expect(none.permits(address, 'http:')).toBe(false);
    expect(local.permits(address, 'http:')).toBe(false);
  });

  test.each(PRIVATE)('%s is not public', (address) => {
    expect(none.permits(address, 'https:')).toBe(false);
    expect(none.permits(address, 'http:')).toBe(false);
  });

  test.each(['127.0.0.1', '::ffff:127.0.0.1', '2002:7f00:1::', 'fd00:1:2::3'])(
    '%s is in a network that is allowed',
    (address) => {
      expect(local.permits(address, 'http:')).toBe(true);
      expect(local.permits(address, 'https:')).toBe(true);
    },
  );

  test.each(['10.0.0.1', '169.254.169.254', '::1', 'fd00:2::1', '0.0.0.0'])('%s is in none', (address) => {
    expect(local.permits(address, 'https:')).toBe(false);
  });

  test.each(['', 'localhost', '1.2.3', '1.2.3.4.5', 'example.com', ':::'])('"%s" is no address', (text) => {
    expect(effective(text)).toBeUndefined();
    expect(none.permits(text, 'https:')).toBe(false);
  });
});

describe('the URL of a webhook', () => {
  test.each([
    'https://example.com/hook',
    'https://example.com:8443/hook?token=x',
    'https://1.1.1.1/',
    'https://[2606:4700::1111]/',
    'HTTPS://EXAMPLE.com',
    'https://example.com:443/hook',
    'https://example.com:8443/hook',
  ])('%s is taken', (url) => {
    expect(none.checkedUrl(url).protocol).toBe('https:');
  });

  test.each([
    ['', 'empty'],
    [' ', 'empty'],
    ['not a url', 'Invalid webhook URL'],
    ['/hook', 'Invalid webhook URL'],
    ['https://', 'Invalid webhook URL'],
    ['https://1.2.3.4.5/', 'Invalid webhook URL'],
    [`https://example.com/${'x'.repeat(3000)}`, 'Invalid webhook URL'],
    ['https://example.com/hook#part', 'fragment'],
    ['https://example.com:22/', 'port 22'],
    ['https://example.com:80/', 'port 80'],
    ['ftp://example.com/x', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['javascript:alert(1)', 'scheme'],
    ['http://example.com/hook', 'scheme'],
    ['http://127.0.0.1/', 'scheme'],
    ['https://user@example.com/', 'user name'],
    ['https://user:password@example.com/', 'user name'],
    ['https://localhost/', 'non-public'],
    ['https://localhost./', 'non-public'],
    ['https://a.localhost/', 'non-public'],
    ['https://127.0.0.1/', 'non-public'],
    ['https://127.0.0.1./', 'non-public'],
    ['https://127.1/', 'non-public'],
    ['https://2130706433/', 'non-public'],
    ['https://0x7f000001/', 'non-public'],
    ['https://0177.0.0.1/', 'non-public'],
    ['https://0/', 'non-public'],
    ['https://169.254.169.254/latest/meta-data', 'non-public'],
    ['https://10.0.0.1/', 'non-public'],
    ['https://[::1]/', 'non-public'],
    ['https://[::ffff:127.0.0.1]/', 'non-public'],
    ['https://[64:ff9b::7f00:1]/', 'non-public'],
    ['https://１２７.0.0.1/', 'non-public'],
  ])('%s is refused', (url, why) => {
    expect(() => none.checkedUrl(url)).toThrow(why);
  });

  test('an allowed network may be named by HTTP, and no other', () => {
    expect(local.checkedUrl('http://127.0.0.1:9000/hook').port).toBe('9000');
    expect(local.checkedUrl('http://127.0.0.1:81/hook').port).toBe('81');
    expect(local.checkedUrl('http://[fd00:1::5]/hook').hostname).toBe('[fd00:1::5]');
    // A name is judged when it is used.
    expect(local.checkedUrl('http://receiver.internal/hook').hostname).toBe('receiver.internal');
    expect(() => local.checkedUrl('http://1.1.1.1/')).toThrow('non-public');
    expect(() => local.checkedUrl('http://10.0.0.1/')).toThrow('non-public');
    // It is ::1 as well, which is not in 127.0.0.0/8.
    expect(() => local.checkedUrl('http://localhost:9000/')).toThrow('non-public');
    expect(new AddressRules(['127.0.0.0/8', '::1/128']).checkedUrl('http://localhost/').hostname).toBe('localhost');
  });
});
