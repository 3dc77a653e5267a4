/** Tests the schedules of the learning rate. train.test.ts tests that a run trains with their rates. */
import { describe, expect, it } from "vitest";
import { defaultsOf } from "../../dist/ranges.js";
import { SCHEDULE_SETTINGS, SCHEDULES, type Schedule, type ScheduleName } from "../../dist/training/schedule.js";

/** The rates of the epochs 1, 2, ..., or of the first mini-batches in them, by a schedule, until it ends training. */
function rates(name: ScheduleName, epochs: number, settings = {}, eta = 1, validation: number[] = []) {
  const schedule: Schedule = SCHEDULES[name];
  const all: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const seen = validation.slice(0, epoch - 1);
    const rate = schedule.eta(
      { eta, epoch, time: (epoch - 1) / epochs, validation: seen },
      { ...defaultsOf(SCHEDULE_SETTINGS), ...settings },
    );
    if (rate === undefined) break;
    all.push(rate);
  }
  return all;
}

// The rates below are products of few powers of two, or of the same products in the same order: exact.
describe("schedule constant", () => {
  it("is eta as it is", () => expect(rates("constant", 4, {}, 0.3)).toEqual([0.3, 0.3, 0.3, 0.3]));
});

describe("schedule step", () => {
  it.each([
    [1, 0.5, 8, 5, [8, 4, 2, 1, 0.5]],
    [2, 0.5, 8, 5, [8, 8, 4, 4, 2]],
    [3, 0.25, 16, 7, [16, 16, 16, 4, 4, 4, 1]],
    [10, 0.5, 3, 4, [3, 3, 3, 3]],
    [1, 0.1, 3, 3, [3, 3 * 0.1, 3 * (0.1 * 0.1)]],
  ])("every %i epochs times %d, from %d, over %i epochs", (scheduleEpochs, scheduleFactor, eta, epochs, expected) => {
    expect(rates("step", epochs, { scheduleEpochs, scheduleFactor }, eta)).toEqual(expected);
  });

  it("halves after every ten epochs if nothing is said", () => {
    expect(rates("step", 21, {}, 4)).toEqual([...Array(10).fill(4), ...Array(10).fill(2), 1]);
  });
});

describe("schedule cosine", () => {
  // 1 at the start, 1/2 half-way, 1/4 at two thirds; the end, etaMin, would be the epoch after the last.
  it.each([
    [1, 0, 1, [1]],
    [1, 0, 2, [1, 0.5]],
    [1, 0, 3, [1, 0.75, 0.25]],
    [8, 2, 3, [8, 6.5, 3.5]],
    [2, 0, 4, [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2]],
  ])("from %d to %d over %i epochs", (eta, etaMin, epochs, expected) => {
    const found = rates("cosine", epochs, { etaMin }, eta);
    expect(found).toHaveLength(epochs);
    for (const [i, rate] of expected.entries()) expect(found[i]).toBeCloseTo(rate, 14); // pi is rounded, and so is the series
  });

  it("is what Math.cos gives, and falls from epoch to epoch", () => {
    for (const epochs of [1, 2, 7, 30, 60, 400, 1000]) {
      const found = rates("cosine", epochs, { etaMin: 0.001 }, 0.7);
      for (let epoch = 1; epoch <= epochs; epoch++) {
        const expected = 0.001 + (0.699 * (1 + Math.cos((Math.PI * (epoch - 1)) / epochs))) / 2;
        expect(Math.abs(found[epoch - 1] - expected)).toBeLessThan(2e-15); // the series errs by 1e-15, and the rest rounds a few times
        if (epoch > 1) expect(found[epoch - 1]).toBeLessThan(found[epoch - 2]);
      }
    }
  });
});

describe("a schedule by mini-batch", () => {
  const rateAt = (name: "linear" | "cosine", time: number, settings = {}) =>
    SCHEDULES[name].eta({ eta: 8, epoch: 1, time, validation: [] }, { ...defaultsOf(SCHEDULE_SETTINGS), ...settings });

  // Worked out by hand. Before the end of the warm-up the rate is 8 (0.05 + 0.95 t / w). Then u = (t - w) / (1 - w) runs from 0 to 1: linear is
  // etaMin + (8 - etaMin) (1 - u), and cosine etaMin + (8 - etaMin) (1 + cos(pi u)) / 2.
  it.each<["linear" | "cosine", object, [time: number, rate: number][]]>([
    [
      "linear",
      {},
      [
        [0, 8],
        [0.25, 6],
        [0.5, 4],
        [0.875, 1],
      ],
    ],
    [
      "linear",
      { etaMin: 2 },
      [
        [0, 8],
        [0.25, 6.5],
        [0.5, 5],
        [0.75, 3.5],
      ],
    ],
    [
      "linear",
      { warmup: 0.5 },
      [
        [0, 0.4],
        [0.125, 2.3],
        [0.25, 4.2],
        [0.375, 6.1],
        [0.5, 8],
        [0.75, 4],
      ],
    ],
    [
      "linear",
      { warmup: 0.2, etaMin: 4 },
      [
        [0, 0.4],
        [0.1, 4.2],
        [0.2, 8],
        [0.4, 7],
        [0.6, 6],
        [0.8, 5],
      ],
    ],
    [
      "linear",
      { warmup: 0.75 },
      [
        [0.75, 8],
        [0.875, 4],
      ],
    ],
    [
      "cosine",
      {},
      [
        [0, 8],
        [0.25, 4 + 4 * Math.SQRT1_2],
        [1 / 3, 6],
        [0.5, 4],
        [2 / 3, 2],
        [0.75, 4 - 4 * Math.SQRT1_2],
      ],
    ],
    [
      "cosine",
      { etaMin: 2 },
      [
        [0, 8],
        [1 / 3, 6.5],
        [0.5, 5],
        [2 / 3, 3.5],
      ],
    ],
    [
      "cosine",
      { warmup: 0.25 },
      [
        [0, 0.4],
        [0.125, 4.2],
        [0.25, 8],
        [0.5, 6],
        [0.625, 4],
        [0.75, 2],
      ],
    ],
    [
      "cosine",
      { warmup: 0.1, etaMin: 4 },
      [
        [0, 0.4],
        [0.05, 4.2],
        [0.1, 8],
        [0.4, 7],
        [0.55, 6],
        [0.7, 5],
      ],
    ],
  ])("%s with %j has the rates %j", (name, settings, expected) => {
    for (const [time, rate] of expected) expect(rateAt(name, time, settings)).toBeCloseTo(rate, 13); // some products round
  });

  it.each(["linear", "cosine"] as const)(
    "%s rises from a twentieth to eta, and falls from there to eta min",
    (name) => {
      for (const warmup of [0, 0.01, 0.3, 0.99]) {
        const times = Array.from({ length: 1000 }, (_, i) => i / 1000);
        const found = times.map((time) => rateAt(name, time, { warmup, etaMin: 0.5 }));
        for (const [i, rate] of found.entries()) {
          expect(rate).toBeGreaterThan(times[i] < warmup ? 0.399999 : 0.5);
          expect(rate).toBeLessThanOrEqual(8 + 1e-14);
          if (i > 0 && times[i] < warmup) expect(rate).toBeGreaterThan(found[i - 1]);
          if (i > 0 && times[i - 1] >= warmup) expect(rate).toBeLessThan(found[i - 1]);
        }
        expect(found[999]).toBeLessThan(0.5 + (7.5 * 0.002) / (1 - warmup)); // at most two steps of a thousand from the end
      }
    },
  );
});

describe("schedule plateau", () => {
  it.each<[string, number, number, number[], number[]]>([
    ["keeps eta while validation improves", 1, 0.5, [0.1, 0.2, 0.3], [1, 1, 1, 1]],
    ["halves after an epoch without a better one", 1, 0.5, [0.3, 0.2, 0.4, 0.4], [1, 1, 0.5, 0.5, 0.25]],
    ["takes an equal one for no better", 1, 0.5, [0.3, 0.3, 0.3], [1, 1, 0.5, 0.25]],
    ["waits for so many epochs", 2, 0.5, [0.3, 0.2, 0.1, 0.2, 0.2, 0.2], [1, 1, 1, 0.5, 0.5, 0.25, 0.25]],
    ["counts anew after a better one", 2, 0.5, [0.3, 0.2, 0.4, 0.3, 0.3], [1, 1, 1, 1, 1, 0.5]],
    ["measures by the best of all, not by the last", 1, 0.5, [0.5, 0.2, 0.3, 0.4], [1, 1, 0.5, 0.25, 0.125]],
    ["multiplies by the factor", 1, 0.25, [0.3, 0.3, 0.3], [1, 1, 0.25, 0.0625]],
  ])("%s", (_, scheduleEpochs, scheduleFactor, validation, expected) => {
    const found = rates("plateau", expected.length, { scheduleEpochs, scheduleFactor }, 1, validation);
    expect(found).toEqual(expected);
  });

  // Seven halvings make 1/128: of 1, 1, 1/2 ... 1/64 the last is the eighth. With a tenth 1/100 is the last above 1/128; with 0.9, of which
  // 47 make 0.0071 and 46 make 0.0079, 1/128 = 0.0078 ends it after the 46th.
  it.each([
    [0.5, 3, 8],
    [0.5, 0.1, 8],
    [0.1, 1, 4],
    [0.9, 1, 48],
    [0.001, 1, 2],
  ])("with the factor %d ends when eta = %d has come down to 1/128, after %i epochs", (scheduleFactor, eta, epochs) => {
    const flat = Array(100).fill(0.5);
    const found = rates("plateau", 100, { scheduleEpochs: 1, scheduleFactor }, eta, flat);
    expect(found).toHaveLength(epochs);
    expect(found[epochs - 1]).toBeGreaterThan(eta / 128);
  });
});

describe("the schedules", () => {
  it.each(Object.entries<Schedule>(SCHEDULES))("%s says what it takes, and takes nothing else", (name, { takes }) => {
    // A curve that goes down sometimes, so that every setting shows.
    const validation = [0.3, 0.2, 0.4, 0.1, 0.1, 0.5, 0.5, 0.5];
    const base = rates(name as ScheduleName, 8, { scheduleEpochs: 2 }, 1, validation);
    for (const [setting, value] of Object.entries({
      scheduleEpochs: 1,
      scheduleFactor: 0.7,
      etaMin: 0.01,
      warmup: 0.3,
    })) {
      const changed = rates(name as ScheduleName, 8, { scheduleEpochs: 2, [setting]: value }, 1, validation);
      if ((takes as string[]).includes(setting)) expect(changed).not.toEqual(base);
      else expect(changed).toEqual(base);
    }
  });

  it.each(Object.entries<Schedule>(SCHEDULES))("%s looks at the validation accuracy only if it says so", (name, s) => {
    const flat = rates(name as ScheduleName, 25, {}, 1, Array(25).fill(0.5));
    const rising = rates(
      name as ScheduleName,
      25,
      {},
      1,
      Array.from(flat.keys(), (i) => i / 25),
    );
    if (s.usesValidation) expect(flat).not.toEqual(rising);
    else expect(flat).toEqual(rising);
  });
});
