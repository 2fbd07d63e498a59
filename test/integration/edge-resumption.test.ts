// Whoever keeps a ticket of a TLS session gets in exactly where a new connection would: random orders of bans, ends, expiry and
// changes of policy against the real Access Tier, with what a plain model says about each attempt.
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Call, callsTo } from '../../src/edge/administration/control-client.ts';
import {
  registerDevice,
  type ScriptedDevice,
  signIn,
  type SignedIn,
} from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

const by = 'test';
const reason = 'Because.';
const ROLE = 'Engineers';
const HOUR = 3600 * 1000;
const LIFE = 24 * HOUR;

let edge: TestEdge;
let ask: Call;
beforeAll(async () => {
  edge = await startEdge();
  ask = callsTo(edge.data);
});
afterAll(() => edge.stop());

/** A sign-in with its certificate, as the model knows it. */
interface Holder {
  person: SignedIn;
  device: Device;
  isLive: boolean;
  /** By the clock of the edge. */
  from: number;
  until: number;
  /** Its time was over once: what ran out may have been forgotten, even if the clock is right again. */
  wasOver: boolean;
}
interface Device {
  scripted: ScriptedDevice;
  from: number;
  isBanned: boolean;
  isRevoked: boolean;
}

const COMMANDS = [
  'connect',
  'keep a ticket',
  'resume',
  'resume without a certificate',
  'TLS 1.2',
  'sign in again',
  'ban',
  'unban',
  'end the session',
  'expire',
  'turn the clock back',
  'revoke',
  'switch the role',
] as const;
type Command = (typeof COMMANDS)[number];

let resumed = 0;
const attempts = { in: 0, out: 0, outOfTime: 0 };

/** Whether what is said there comes back; and the newest ticket that was given. */
async function attempt(options: object): Promise<{ isIn: boolean; ticket: Buffer | null }> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: edge.edge.accessTierPort,
    servername: 'echo.demo.localhost',
    ca: edge.edge.root,
    ...options,
  });
  let ticket: Buffer | null = null;
  socket.on('session', (session: Buffer) => (ticket = session));
  socket.once('secureConnect', () => (resumed += socket.isSessionReused() ? 1 : 0));
  socket.on('error', () => {});
  const closed = new Promise<false>((resolve) => socket.once('close', () => resolve(false)));
  const answered = once(socket, 'data').then(
    () => true,
    () => closed,
  );
  socket.write('x');
  const isIn = await Promise.race([answered, closed]);
  socket.destroy();
  await closed;
  attempts[isIn ? 'in' : 'out'] += 1;
  return { isIn, ticket };
}

class World {
  readonly #tickets: { ticket: Buffer; holder: Holder }[] = [];
  #holder: Holder;
  #isRoleOn = true;

  private constructor(holder: Holder) {
    this.#holder = holder;
  }

  /** Everybody may, and one ticket is kept. */
  static async open(last: Holder | null): Promise<World> {
    vi.setSystemTime(realNow());
    await ask('document.enable', { kind: 'role', id: ROLE, enabled: true, by });
    const device = last && !last.device.isRevoked ? last.device : await newDevice();
    if (device.isBanned) await ban(device, false);
    const isGood = last !== null && last.device === device && last.isLive && holds(last);
    const world = new World(isGood ? last : await newHolder(device));
    await world.run('keep a ticket', 0);
    return world;
  }
  get holder(): Holder {
    return this.#holder;
  }

  async run(command: Command, which: number): Promise<void> {
    const holder = this.#holder;
    const { device } = holder;
    const kept = this.#tickets[which % this.#tickets.length];
    switch (command) {
      case 'connect':
        return this.#expect(holder, await attempt(holder.person.trust));
      case 'keep a ticket': {
        // Also of one that is refused: the handshake is over before anybody is judged.
        const made = await attempt(holder.person.trust);
        if (made.ticket) this.#tickets.push({ ticket: made.ticket, holder });
        return this.#expect(holder, made);
      }
      case 'resume':
        if (!kept) return;
        return this.#expect(
          kept.holder,
          await attempt({ ...kept.holder.person.trust, session: kept.ticket }),
        );
      case 'resume without a certificate': {
        if (!kept) return;
        const { isIn } = await attempt({ session: kept.ticket });
        // Where the ticket is not taken there is nothing that names anybody.
        if (isIn) this.#expect(kept.holder, { isIn });
        return;
      }
      case 'TLS 1.2': {
        const old = { ...holder.person.trust, maxVersion: 'TLSv1.2', session: kept?.ticket };
        expect((await attempt(old)).isIn).toBe(false);
        return;
      }
      case 'sign in again':
        if (device.isBanned || device.isRevoked || Date.now() < device.from) return;
        this.#holder = await newHolder(device);
        return;
      case 'ban':
        await ban(device, true);
        return this.#endAll(device);
      case 'unban':
        return ban(device, false);
      case 'end the session':
        await edge.edge.endSessions(device.scripted.id, reason);
        return this.#endAll(device);
      case 'expire':
        vi.setSystemTime(Date.now() + LIFE + HOUR);
        for (const each of this.#all()) each.wasOver ||= each.until <= Date.now();
        return;
      case 'turn the clock back':
        vi.setSystemTime(Date.now() - 3 * HOUR);
        return;
      case 'revoke':
        await edge.edge.revokeDevice(device.scripted.id, reason);
        device.isRevoked = true;
        return;
      case 'switch the role':
        this.#isRoleOn = !this.#isRoleOn;
        await ask('document.enable', { kind: 'role', id: ROLE, enabled: this.#isRoleOn, by });
        return;
      default:
        throw new Error(`unknown command ${String(command satisfies never)}`);
    }
  }
  /** With every ticket there is. */
  async finish(): Promise<void> {
    for (let which = 0; which < this.#tickets.length; which += 1) {
      await this.run('resume', which);
      await this.run('resume without a certificate', which);
    }
  }

  #expect(holder: Holder, { isIn }: { isIn: boolean }): void {
    const { device, isLive } = holder;
    const may = !device.isBanned && !device.isRevoked && isLive && holds(holder) && this.#isRoleOn;
    if (!holds(holder)) attempts.outOfTime += 1;
    if (!holder.wasOver || !may) expect(isIn).toBe(may);
  }
  #endAll(device: Device): void {
    for (const holder of this.#all()) if (holder.device === device) holder.isLive = false;
  }
  readonly #all = (): Holder[] => [this.#holder, ...this.#tickets.map(({ holder }) => holder)];
}

const holds = ({ from, until }: Holder): boolean => from <= Date.now() && Date.now() < until;

async function ban(device: Device, isBanned: boolean): Promise<void> {
  if (device.isRevoked) return;
  await ask('device.ban', { device: device.scripted.id, banned: isBanned, reason, by });
  device.isBanned = isBanned;
}
const newDevice = async (): Promise<Device> => ({
  from: Math.floor(Date.now() / 1000) * 1000,
  scripted: await registerDevice(edge),
  isBanned: false,
  isRevoked: false,
});
async function newHolder(device: Device): Promise<Holder> {
  // Of the certificate, whose seconds are whole.
  const from = Math.floor(Date.now() / 1000) * 1000;
  const person = await signIn(edge, device.scripted);
  return { person, device, isLive: true, from, until: from + LIFE, wasOver: false };
}

/** Of the computer, however far the clock of the edge was put forward. */
const started = { at: Date.now(), tick: performance.now() };
const realNow = (): number => started.at + (performance.now() - started.tick);

test(
  'an expired or banned certificate with a valid ticket never gets in, and a good one does',
  { timeout: 120_000 },
  async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: realNow() });
    let last: Holder | null = null;
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.constantFrom(...COMMANDS), fc.nat(20)), { maxLength: 12 }),
          async (commands) => {
            const world = await World.open(last);
            for (const [command, which] of commands) await world.run(command, which);
            await world.finish();
            last = world.holder;
          },
        ),
        { numRuns: 120 },
      );
    } finally {
      vi.useRealTimers();
    }
    // Otherwise it would have proven little.
    expect(resumed).toBeGreaterThan(60);
    expect(attempts.in).toBeGreaterThan(60);
    expect(attempts.out).toBeGreaterThan(60);
    expect(attempts.outOfTime).toBeGreaterThan(30);
  },
);
