/** Parameters in the kernel's memory, for a team and for one thread alone. */
import { expect, it } from "vitest";
import { layOut } from "../../../dist/engines/fast/layout.js";
import { KernelMemory } from "../../../dist/engines/fast/memory.js";
import { DEFAULTS } from "../../../dist/network/hyperparameters.js";
import { arraysOf, Network, type Parameters, zeros } from "../../../dist/network/network.js";
import { Random } from "../../../dist/network/random.js";
import { dataOf } from "../../fixtures/kernel.js";

const SIZES = [784, 30, 10];
const network = Network.random(SIZES, new Random(1));
const data = dataOf(SIZES, 28, 4);
const layout = layOut(network, data, { ...DEFAULTS, momentum: 0.5, threads: 2 });
const memory = new KernelMemory(data, layout);

/** Parameters that float32 holds exactly. */
function exact(seed: number): Parameters {
  const { weights, biases } = Network.random(SIZES, new Random(seed));
  const round = (arrays: Float64Array[]) => arrays.map((values) => values.map(Math.fround));
  return { weights: round(weights), biases: round(biases) };
}

it("one thread alone has wider panels than a team of two, and its own parameters", () => {
  const panels = (mode: "team" | "solo") => memory.layers(mode)[0].fields.panels;
  expect([panels("team"), panels("solo")]).toEqual([2, 1]);
});

it("keeps parameters and velocities of both, apart from each other", () => {
  const written = { team: [exact(2), exact(3)], solo: [exact(4), exact(5)] } as const;
  for (const mode of ["team", "solo"] as const) memory.write(mode, ...written[mode]);
  for (const mode of ["team", "solo"] as const) {
    const found = [zeros(SIZES), zeros(SIZES)] as const;
    memory.read(mode, ...found);
    expect(found.flatMap(arraysOf)).toEqual(written[mode].flatMap(arraysOf));
  }
});

it("gives every thread of a team the same copy of the output layer", () => {
  memory.write("team", exact(6), exact(7));
  const [first, second] = layout.team.map(({ layers }) => layers[1].fields);
  expect(first.weights).not.toBe(second.weights);
  for (const name of ["weights", "biases", "weightTargets", "biasTargets"] as const) {
    const length = name.startsWith("weight") ? 4 * first.rows * first.vectors : 4 * first.vectors;
    expect(memory.floats(second[name], length)).toEqual(memory.floats(first[name], length));
    expect(memory.floats(first[name], length).some((x) => x !== 0)).toBe(true);
  }
});
