/** The choice between all threads and one alone, with a clock that the test sets. */
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Mode, Pace } from "../../../dist/engines/fast/pace.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterAll(() => void vi.useRealTimers());

/** What mini-batches cost: the milliseconds of each in each mode, the team's sleeps per mini-batch, and after how many sleeps it stops. */
interface Costs extends Record<Mode, number> {
  sleeps?: number;
  most?: number;
}
const FREE: Costs = { team: 2, solo: 3 };
/** Another program takes turns with one of the threads. */
const SHARED: Costs = { team: 6, solo: 3, sleeps: 0.1 };
/** Every meeting of the team ends with a sleep. */
const BUSY: Costs = { team: 100, solo: 3, sleeps: 1, most: 40 };

function paceOfTeam(): Pace {
  const pace = new Pace();
  pace.addTeam();
  return pace;
}

/** Trains on `count` slices of n mini-batches. Returns the number of mini-batches per mode for each slice. */
async function slices(pace: Pace, count: number, n: number, costs: Costs) {
  const all = [];
  for (let i = 0; i < count; i++) {
    const done = { team: 0, solo: 0 };
    let at = 0;
    await pace.train(n, async ({ mode, from, to }) => {
      expect([from, to > from, to <= n]).toEqual([at, true, true]);
      const { sleeps = 0, most = Number.POSITIVE_INFINITY } = mode === "team" ? costs : {};
      const batches = Math.min(to - from, sleeps > 0 ? Math.ceil(most / sleeps) : to);
      vi.advanceTimersByTime(costs[mode] * batches);
      done[mode] += batches;
      at += batches;
      return { reached: at, sleeps: Math.round(sleeps * batches) };
    });
    expect(at).toBe(n);
    all.push(done);
  }
  return all;
}

describe("the pace", () => {
  it("stays with a team that need not wait, and tries one thread rarely, on few mini-batches", async () => {
    const all = await slices(paceOfTeam(), 500, 160, FREE);
    const trials = all.flatMap(({ solo }, i) => (solo > 0 ? i : []));
    expect(trials).toEqual([64, 129, 194, 259, 324, 389, 454]);
    for (const i of trials) expect(all[i]).toEqual({ team: 140, solo: 20 });
  });

  it("changes to one thread alone where another program takes turns with the team, and back when the core is free again", async () => {
    const pace = paceOfTeam();
    await slices(pace, 10, 160, FREE);
    const shared = await slices(pace, 200, 160, SHARED);
    expect(shared.filter(({ solo }) => solo === 0).length).toBeLessThan(10);
    for (const { team } of shared.slice(10)) expect(team).toBeLessThanOrEqual(20);
    const free = await slices(pace, 100, 160, FREE);
    expect(free.filter(({ team }) => team < 140).length).toBeLessThanOrEqual(65);
    expect(pace.best).toBe("team");
  });

  it("gives the rest of a slice to one thread when the team stops, and tries the team more and more rarely", async () => {
    const pace = paceOfTeam();
    await slices(pace, 10, 1600, FREE);
    const busy = await slices(pace, 200, 1600, BUSY);
    expect(busy[0]).toEqual({ team: 40, solo: 1560 });
    const trials = busy.flatMap(({ team }, i) => (team > 0 ? i : []));
    expect(trials).toEqual([0, 9, 26, 59, 124, 189]);
    for (const i of trials) expect(busy[i].team).toBe(40);
  });

  it("stays with a team that has to wait but is faster all the same", async () => {
    const pace = paceOfTeam();
    const all = await slices(pace, 200, 160, { team: 2, solo: 3, sleeps: 0.1 });
    expect(pace.best).toBe("team");
    expect(all.filter(({ solo }) => solo > 0).length).toBeLessThan(8);
  });

  it("has no choice without a team, and prefers a team that comes later", async () => {
    const pace = new Pace();
    for (const { team } of await slices(pace, 100, 160, { team: 1, solo: 3 })) expect(team).toBe(0);
    expect(pace.best).toBe("solo");
    pace.addTeam();
    expect((await slices(pace, 1, 160, FREE))[0]).toEqual({ team: 160, solo: 0 });
  });

  it.each([1, 2])("leaves slices of %i mini-batches, which meet rarely, to the team", async (n) => {
    for (const { solo } of await slices(paceOfTeam(), 100, n, { team: 30, solo: 3 })) expect(solo).toBe(0);
  });
});
