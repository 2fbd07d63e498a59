import type { Socket } from 'node:net';
import { endianness } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  createSocketTable,
  type ReadTable,
  type Table,
} from '../../../../src/proxy/guard/socket-table.ts';

const OUR_UID = 1000;
const LISTENING = 8080;

const isLittle = endianness() === 'LE';
const V4 = isLittle ? '0100007F' : '7F000001';
const V6 = `${'0'.repeat(24)}${isLittle ? '01000000' : '00000001'}`;
const MAPPED = `${'0'.repeat(16)}${isLittle ? 'FFFF0000' : '0000FFFF'}${V4}`;

const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
const line = (address: string, port: number, uid: number, inode: number, remotePort = LISTENING) =>
  `   1: ${address}:${hex(port)} ${address}:${hex(remotePort)} 01 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0000000000000000 20 4 30 10 -1`.padEnd(
    149,
  ) + '\n';
const HEADING =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'.padEnd(
    149,
  ) + '\n';

const aSocket = (port: number, address = '127.0.0.1') =>
  ({
    remoteAddress: address,
    remotePort: port,
    localAddress: address,
    localPort: LISTENING,
  }) as Socket;

/** Tables that change from reading to reading, given out in pieces of an odd size. */
function users(tables: Partial<Record<Table, string[]>>, readTable?: ReadTable) {
  const readings: Table[] = [];
  const readScripted: ReadTable = async (table, take) => {
    const nth = readings.filter((other) => other === table).length;
    readings.push(table);
    await new Promise(setImmediate);
    const bytes = Buffer.from(HEADING + (tables[table]?.[nth] ?? tables[table]?.at(-1) ?? ''));
    for (let at = 0; at < bytes.length; at += 61) if (take(bytes.subarray(at, at + 61))) return;
  };
  const created = createSocketTable(OUR_UID, readTable ?? readScripted);
  return { isOurs: (socket: Socket) => created.isOurs(socket), readings };
}

describe('the program at the other end', () => {
  it.each([
    ['runs as us', line(V4, 40_000, OUR_UID, 7), true],
    ['runs as root', line(V4, 40_000, 0, 7), true],
    ['runs as somebody else', line(V4, 40_000, 1001, 7), false],
    ['has closed its socket', line(V4, 40_000, 0, 0), false],
    ['has closed its socket, on a kernel that remembers us', line(V4, 40_000, OUR_UID, 0), true],
    ['cannot be found', line(V4, 40_001, OUR_UID, 7), false],
    ['is connected to another port', line(V4, 40_000, OUR_UID, 7, 8081), false],
    ['stands after others', line(V4, 9, 1001, 7).repeat(300) + line(V4, 40_000, OUR_UID, 7), true],
    [
      'stands in a line that is wider',
      line(V4, 40_000, OUR_UID, 7).replace('   1:', '123456:'),
      true,
    ],
  ])('%s', async (_what, table, isOurs) => {
    expect(await users({ tcp: [table] }).isOurs(aSocket(40_000))).toBe(isOurs);
  });

  it('is looked for in the other table when it dialled a mapped address', async () => {
    const { isOurs } = users({ tcp6: [line(MAPPED, 40_000, OUR_UID, 7)] });
    expect(await isOurs(aSocket(40_000))).toBe(true);
  });

  it('is looked for only there when it dialled ::1', async () => {
    const { isOurs, readings } = users({ tcp6: [line(V6, 40_000, OUR_UID, 7)] });
    expect(await isOurs(aSocket(40_000, '::1'))).toBe(true);
    expect(readings).toEqual(['tcp6']);
  });

  it.each([
    ['missing', ''],
    ['an orphan', line(V4, 40_000, 0, 0)],
  ])('gets a second look, and no third, when it is %s', async (_what, first) => {
    const found = users({ tcp: [first, line(V4, 40_000, OUR_UID, 7)] });
    expect(await found.isOurs(aSocket(40_000))).toBe(true);
    const late = users({ tcp: [first, first, line(V4, 40_000, OUR_UID, 7)] });
    expect(await late.isOurs(aSocket(40_000))).toBe(false);
  });

  it('is nobody when the connection has gone, or does not come from this computer', async () => {
    const { isOurs, readings } = users({});
    expect(await isOurs({} as Socket)).toBe(false);
    expect(await isOurs(aSocket(40_000, '192.0.2.1'))).toBe(false);
    expect(readings).toEqual([]);
  });

  it('is nobody when the table cannot be read', async () => {
    const { isOurs } = users({}, () => Promise.reject(new Error('EACCES')));
    expect(await isOurs(aSocket(40_000))).toBe(false);
  });
});

it('reads the table once for all that wait, and again for those that came meanwhile', async () => {
  const ports = Array.from({ length: 200 }, (_, nth) => 40_000 + nth);
  const table = ports.map((port) => line(V4, port, port % 2 ? OUR_UID : 1001, 7)).join('');
  const { isOurs, readings } = users({ tcp: [table] });
  const early = ports.slice(0, 100).map((port) => isOurs(aSocket(port)));
  await new Promise(setImmediate);
  const late = ports.slice(100).map((port) => isOurs(aSocket(port)));
  const answers = await Promise.all([...early, ...late]);
  expect(answers).toEqual(ports.map((port) => port % 2 === 1));
  expect(readings).toEqual(['tcp', 'tcp']);
});
