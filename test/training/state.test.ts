/** Tests that a run that is resumed from its state, between epochs or in the middle of one, ends with the same bits. */
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../dist/data/dataset.js";
import { ConfigurationError } from "../../dist/errors.js";
import { Network, zeros } from "../../dist/network/network.js";
import { Random } from "../../dist/network/random.js";
import type { EpochResult } from "../../dist/training/epochs.js";
import type { TrainResult } from "../../dist/training/ongoing-run.js";
import type { TrainOptions } from "../../dist/training/options.js";
import type { RunState } from "../../dist/training/state.js";
import { train } from "../../dist/training/train.js";
import { datasetOf, EVERY_HYPERPARAMETER, randomExamples } from "../fixtures/examples.js";

const SIZES = [12, 6, 4];
/** With a last mini-batch that is shorter, and a validation accuracy that goes up and down. */
const DATA: Dataset = { ...datasetOf(randomExamples(97, 3, 4, 4)), validation: randomExamples(40, 3, 4, 4, 2) };

async function trained(options: TrainOptions) {
  const random = new Random(1);
  const network = Network.random(SIZES, random);
  const result = await train(network, DATA, { random, ...options });
  return { hash: network.weightsSha256(), result };
}

/** Goes on from a copy of the state, for the state is the run's from then on; with a network and a generator that must not matter. */
function resumed(state: RunState, options: TrainOptions) {
  return trained({ ...options, random: new Random(99), resume: structuredClone(state) });
}

/** What must not depend on where a run was interrupted: all but the time that it took. */
const timeless = ({ epochs, trainSeconds: _, ...result }: TrainResult) => ({
  ...result,
  epochs: epochs.map(({ trainSeconds: _t, evaluateSeconds: _e, ...epoch }: EpochResult) => epoch),
});

const RUNS: Record<string, TrainOptions> = {
  plain: { epochs: 4 },
  "in file order": { epochs: 4, shuffle: false },
  momentum: { epochs: 4, momentum: 0.9, eta: 0.5 },
  dropout: { epochs: 4, dropout: 0.5 },
  "dropout in file order": { epochs: 4, dropout: 0.5, shuffle: false },
  patience: { epochs: 30, patience: 3 },
  "more patience than epochs": { epochs: 5, patience: 50 },
  plateau: { epochs: 30, schedule: "plateau", scheduleEpochs: 1 },
  cosine: { epochs: 4, schedule: "cosine", momentum: 0.5 },
  "linear with a warm-up": { epochs: 4, schedule: "linear", warmup: 0.4 },
  "cosine with a warm-up": { epochs: 4, schedule: "cosine", warmup: 0.3, etaMin: 0.1, dropout: 0.2 },
  shifts: { epochs: 4, augment: "shifts", shuffle: false },
  affine: { epochs: 4, augment: "affine", augmentStrength: 2, momentum: 0.5 },
  elastic: { epochs: 4, augment: "elastic", schedule: "linear", dropout: 0.5 },
  everything: {
    epochs: 6,
    ...EVERY_HYPERPARAMETER,
    schedule: "step",
    scheduleEpochs: 2,
    patience: 4,
    monitor: ["training", "test"],
  },
};

describe.each(["textbook", "fast"] as const)("a run with the %s engine", (engine) => {
  it.each(Object.entries(RUNS))("goes on from each of its checkpoints to the same bits: %s", async (_, options) => {
    const states: RunState[] = [];
    const copies: RunState[] = [];
    const onCheckpoint = async (state: RunState) => {
      states.push(state);
      copies.push(structuredClone(state));
    };
    const { hash, result } = await trained({ engine, ...options, onCheckpoint });
    expect(states).toHaveLength(result.epochs.length);
    expect(states).toEqual(copies); // what was handed out is the receiver's
    for (const [i, state] of states.entries()) {
      expect(state).toMatchObject({ position: null, examples: 97 * (i + 1), trainSeconds: 0 });
      const threads = engine === "fast" ? 1 + (i % 2) : 1;
      const again = await resumed(state, { engine, ...options, threads });
      expect(again.hash).toBe(hash);
      expect(timeless(again.result)).toEqual(timeless(result));
    }
  });

  it("that a schedule ends is checkpointed there, however rarely it is", async () => {
    const options = { engine, epochs: 60, schedule: "plateau", scheduleEpochs: 1, eta: 2 ** -40 } as const;
    const states: RunState[] = [];
    const onCheckpoint = async (state: RunState) => void states.push(state);
    const { result } = await trained({ ...options, checkpointEvery: 5, onCheckpoint });
    expect(result).toMatchObject({ stoppedBy: "schedule", keptEpoch: 8 });
    expect(states.map(({ finished }) => finished.length)).toEqual([5, 8]);
    expect((await resumed(states[1], options)).result).toEqual(result);
  });

  it.each(["in its first epoch", "in a later one"])("that is interrupted %s counts on where it was", async (when) => {
    const n = DATA.training.labels.length;
    const options: TrainOptions = {
      ...{ engine, epochs: 2, momentum: 0.5, dropout: 0.2, patience: 5 },
      ...{ augment: "elastic", schedule: "linear", warmup: 0.3, etaMin: 0.1 },
    };
    const whole = await trained(options);
    const after = when === "in its first epoch" ? 30 : n + 30;
    const controller = new AbortController();
    const onProgress = ({ examples }: { examples: number }) => {
      for (const start = performance.now(); performance.now() - start < 25; ); // so that the signal is looked at after every mini-batch
      if (examples > after) controller.abort();
    };
    const states: RunState[] = [];
    const onCheckpoint = async (state: RunState) => void states.push(state);
    const first = await trained({ ...options, signal: controller.signal, onProgress, onCheckpoint });
    const state = states[states.length - 1];
    expect(state.position).toBe(40);
    expect(first.result).toMatchObject({ status: "interrupted", examples: state.examples });
    expect(state.examples).toBe(n * state.finished.length + (state.position as number));
    expect(state.trainSeconds).toBeGreaterThan(0);
    const second = await resumed(state, options);
    expect(second.hash).toBe(whole.hash);
    expect(timeless(second.result)).toEqual(timeless(whole.result));
    // The interrupted epoch took what it took before the stop, and after it.
    const { epochs, trainSeconds } = second.result;
    expect(epochs[state.finished.length].trainSeconds).toBeGreaterThan(state.trainSeconds);
    expect(epochs.slice(0, state.finished.length)).toEqual(state.finished);
    expect(trainSeconds).toBeGreaterThan(first.result.trainSeconds);
    expect(trainSeconds).toBeCloseTo(epochs.reduce((sum, epoch) => sum + epoch.trainSeconds, 0)); // rounding
  });

  it("that is interrupted between the last mini-batch of an epoch and its evaluation goes on there", async () => {
    const n = DATA.training.labels.length;
    const options: TrainOptions = { engine, epochs: 3, schedule: "cosine", warmup: 0.4, augment: "shifts" };
    const whole = await trained(options);
    const controller = new AbortController();
    const onProgress = ({ examples }: { examples: number }) => examples === 2 * n && controller.abort();
    const states: RunState[] = [];
    const onCheckpoint = async (state: RunState) => void states.push(state);
    await trained({ ...options, signal: controller.signal, onProgress, onCheckpoint });
    const state = states[states.length - 1];
    expect([state.finished.length, state.position]).toEqual([1, n]);
    const second = await resumed(state, options);
    expect(second.hash).toBe(whole.hash);
    expect(timeless(second.result)).toEqual(timeless(whole.result));
    // Of 30 mini-batches, the last ones of the epochs are numbers 9, 19 and 29; the warm-up lasts for 12.
    const cosine = (k: number) => (3 * (1 + Math.cos((Math.PI * (k - 12)) / 18))) / 2;
    const expected = [3 * (0.05 + (0.95 * 9) / 12), cosine(19), cosine(29)];
    for (const [i, { eta }] of second.result.epochs.entries()) expect(eta).toBeCloseTo(expected[i], 13);
  });

  it("has the distortions of its seed, also if it is resumed, and those of its generator's seed", async () => {
    const options: TrainOptions = { engine, epochs: 2, augment: "elastic", shuffle: false };
    const states: RunState[] = [];
    const onCheckpoint = async (state: RunState) => void states.push(state);
    const { hash } = await trained({ ...options, onCheckpoint });
    expect(states.map(({ distortionSeed }) => distortionSeed)).toEqual([1, 1]);
    const [state] = states;
    expect((await resumed({ ...state, distortionSeed: 99 }, options)).hash).not.toBe(hash);
    expect((await resumed(state, options)).hash).toBe(hash);
    const from = async (seed: number) => {
      const network = Network.random(SIZES, new Random(1));
      await train(network, DATA, { ...options, random: new Random(seed) });
      return network.weightsSha256();
    };
    expect(await from(1)).toBe(await from(1));
    expect(await from(2)).not.toBe(await from(1));
  });

  it("that is stopped before it has begun can be resumed", async () => {
    const states: RunState[] = [];
    const onCheckpoint = async (state: RunState) => void states.push(state);
    const options = { engine, epochs: 2, dropout: 0.5 };
    const stopped = await trained({ ...options, signal: AbortSignal.abort(), onCheckpoint });
    expect(stopped.result).toMatchObject({ status: "interrupted", examples: 0, trainSeconds: 0 });
    expect(states).toHaveLength(1);
    expect((await resumed(states[0], options)).hash).toBe((await trained(options)).hash);
  });
});

describe("a state", () => {
  const OPTIONS = { epochs: 2, momentum: 0.5, patience: 5 } as const;
  it.each<[name: string, change: (state: RunState) => Partial<RunState>, message: RegExp]>([
    ["of other examples", ({ order }) => ({ order: order.subarray(1) }), /on 97 training examples, found one on 96$/],
    ["of other layers", () => ({ parameters: zeros([12, 7, 4]) }), /of layers 12,6,4/],
    ["of more layers", () => ({ velocities: zeros([12, 6, 4, 4]) }), /of layers 12,6,4/],
    ["whose best is of other layers", () => ({ best: zeros([12, 4]) }), /of layers 12,6,4/],
    ["without velocities", () => ({ velocities: null }), /with momentum 0.5/],
    ["without the best", () => ({ best: null }), /with patience 5/],
    ["of more epochs", ({ finished }) => ({ finished: [...finished, ...finished] }), /after at most 2 epochs/],
  ])("%s is refused", async (_, change, message) => {
    const states: RunState[] = [];
    await trained({ ...OPTIONS, onCheckpoint: async (state) => void states.push(state) });
    const state = { ...states[1], ...change(states[1]) };
    const error = await resumed(state, OPTIONS).catch((error) => error);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/^resume: expected the state of a run /);
    expect(error.message).toMatch(message);
  });
});
