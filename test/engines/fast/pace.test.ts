/** The choice between all threads and one alone, with a clock that the test sets. */
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Mode, Pace } from "../../../dist/engines/fast/pace.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterAll(() => void vi.useRealTimers());

/** Trains on `count` slices of n mini-batches; a mini-batch takes so many milliseconds in each mode. Returns the number of mini-batches per mode for each slice. */
function slices(pace: Pace, count: number, n: number, costs: Record<Mode, number>) {
  return Array.from({ length: count }, () => {
    const done = { team: 0, solo: 0 };
    let at = 0;
    for (const { mode, from, to } of pace.shares(n)) {
      expect([from, to > from]).toEqual([at, true]);
      vi.advanceTimersByTime(costs[mode] * (to - from));
      done[mode] += to - from;
      at = to;
    }
    expect(at).toBe(n);
    return done;
  });
}

describe("the pace", () => {
  it("stays with the team while that is faster, and tries one thread ever more rarely, on few mini-batches", () => {
    const all = slices(new Pace(2), 500, 160, { team: 2, solo: 3 });
    const trials = all.flatMap(({ solo }, i) => (solo > 0 ? i : []));
    expect(trials).toEqual([6, 19, 44, 93, 158, 223, 288, 353, 418, 483]);
    for (const i of trials) expect(all[i]).toEqual({ team: 140, solo: 20 });
  });

  it("changes to one thread alone where another program wants a core, and back when it is free again", () => {
    const pace = new Pace(2);
    slices(pace, 10, 160, { team: 2, solo: 3 });
    const busy = slices(pace, 200, 160, { team: 30, solo: 3 });
    expect(busy.filter(({ solo }) => solo === 0).length).toBeLessThan(13);
    for (const { team } of busy.slice(20)) expect(team).toBeLessThanOrEqual(20);
    const free = slices(pace, 100, 160, { team: 2, solo: 3 });
    expect(free.filter(({ team }) => team < 140).length).toBeLessThanOrEqual(65);
    expect(pace.best).toBe("team");
  });

  it("has no choice with one thread", () => {
    const pace = new Pace(1);
    for (const { team } of slices(pace, 100, 160, { team: 1, solo: 3 })) expect(team).toBe(0);
    expect(pace.best).toBe("solo");
  });

  it.each([1, 2])("leaves slices of %i mini-batches, which meet rarely, to the team", (n) => {
    for (const { solo } of slices(new Pace(2), 100, n, { team: 30, solo: 3 })) expect(solo).toBe(0);
  });
});
