import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Pace, type Who } from "../../../dist/engines/fast/pace.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterAll(() => void vi.useRealTimers());

/** Has slices of n mini-batches done at these costs each, in milliseconds, and gives how many mini-batches each way did of every slice. */
function slices(pace: Pace, count: number, n: number, costs: Record<Who, number>) {
  return Array.from({ length: count }, () => {
    const done = { team: 0, solo: 0 };
    let at = 0;
    for (const { who, from, to } of pace.shares(n)) {
      expect([from, to > from]).toEqual([at, true]);
      vi.advanceTimersByTime(costs[who] * (to - from));
      done[who] += to - from;
      at = to;
    }
    expect(at).toBe(n);
    return done;
  });
}

describe("the pace", () => {
  it("stays with the team while that is faster, and tries the other way ever more rarely, with little", () => {
    const all = slices(new Pace(), 500, 160, { team: 2, solo: 3 });
    const trials = all.flatMap(({ solo }, i) => (solo > 0 ? i : []));
    expect(trials).toEqual([6, 19, 44, 93, 158, 223, 288, 353, 418, 483]);
    for (const i of trials) expect(all[i]).toEqual({ team: 140, solo: 20 });
  });

  it("changes to one thread alone where another program wants a core, and back when it is free again", () => {
    const pace = new Pace();
    slices(pace, 10, 160, { team: 2, solo: 3 });
    const busy = slices(pace, 200, 160, { team: 30, solo: 3 });
    expect(busy.filter(({ solo }) => solo === 0).length).toBeLessThan(13);
    for (const { team } of busy.slice(20)) expect(team).toBeLessThanOrEqual(20);
    const free = slices(pace, 100, 160, { team: 2, solo: 3 });
    expect(free.filter(({ team }) => team < 140).length).toBeLessThanOrEqual(65);
    expect(pace.best).toBe("team");
  });

  it.each([1, 2])("leaves slices of %i mini-batches, which meet rarely, to the team", (n) => {
    for (const { solo } of slices(new Pace(), 100, n, { team: 30, solo: 3 })) expect(solo).toBe(0);
  });
});
