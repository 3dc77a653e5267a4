/** Tests the displacement fields against a convolution in float64, and their statistics. */
import { describe, expect, it } from "vitest";
import { DisplacementFields } from "../../dist/distortion/displacement-fields.js";
import { gaussian, noiseOf, PERIOD, smoothed } from "../fixtures/distortion.js";

/** A displacement is stored as an integer, in units of 1/2048 of a pixel. */
const UNITS = 2048;
const DIRECTIONS = ["x", "y"] as const;

describe("the displacement fields", () => {
  // Nothing but the rounding to an integer: half a unit, and 1e-6 for the last bits of float64.
  const ROUNDING = 0.5 + 1e-6;

  it.each([
    [1, 1, 30, 5],
    [7, 3, 36, 5],
    [2 ** 32 - 1, 120, 1.07, 5 / 28], // for an image of 1x1
    [5, 2, 68.6, 320 / 28], // for images of 64x64
    [5, 2, 10 * 321, 1500 / 28], // for images of 300x20, strength 10
    [5, 2, 540, 90], // for images of 504 columns: the kernel is longer than a period
  ])("are alpha times noise smoothed by sigma: seed %i, epoch %i, alpha %d, sigma %d", (seed, epoch, alpha, sigma) => {
    const fields = new DisplacementFields(seed, epoch, alpha, sigma);
    for (const [direction, name] of DIRECTIONS.entries()) {
      const expected = smoothed(noiseOf(seed, epoch, direction), sigma);
      const field = fields[name];
      expect(field).toHaveLength(PERIOD * PERIOD);
      const worst = expected.reduce((worst, x, i) => Math.max(worst, Math.abs(field[i] - UNITS * alpha * x)), 0);
      expect(worst).toBeLessThan(ROUNDING);
    }
  });

  // The convolution above goes over rows and then columns, as the program does. This one does not.
  it("are a convolution with a Gaussian of two dimensions, that goes on at the opposite edge", () => {
    const [alpha, sigma, kernel] = [30, 5, gaussian(5)];
    const fields = new DisplacementFields(1, 1, alpha, sigma);
    for (const [direction, name] of DIRECTIONS.entries()) {
      const noise = noiseOf(1, 1, direction);
      for (const [y, x] of [
        [0, 0],
        [0, 255],
        [255, 0],
        [3, 100],
        [130, 251],
        [77, 140],
      ]) {
        let sum = 0;
        for (const [i, down] of kernel.entries()) {
          const row = (y + i - 15 + PERIOD) % PERIOD;
          for (const [j, right] of kernel.entries())
            sum += down * right * noise[row * PERIOD + ((x + j - 15 + PERIOD) % PERIOD)];
        }
        expect(Math.abs(fields[name][y * PERIOD + x] - UNITS * alpha * sum)).toBeLessThan(ROUNDING);
      }
    }
  });

  const EPOCHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  /** The fields of some epochs for alpha 30 and sigma 5, in pixels: x and y of epoch 1, x and y of epoch 2, ... */
  const ALL = EPOCHS.flatMap((epoch) => {
    const fields = new DisplacementFields(3, epoch, 30, 5);
    return DIRECTIONS.map((name) => Float64Array.from(fields[name], (value) => value / UNITS));
  });
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;

  // Smoothing leaves the mean of the noise as it is: that of 256 x 256 numbers of standard deviation 1/sqrt(3), times alpha: 0.068 pixels. Six of these.
  it("move no image as a whole", () => {
    for (const field of ALL) expect(Math.abs(mean(field))).toBeLessThan((6 * 30) / Math.sqrt(3) / PERIOD);
  });

  // The sum of the squares of a Gaussian's weights is 1 / (2 sqrt(pi) sigma) in each direction: 30 / sqrt(3) / (2 sqrt(pi) 5) = 0.977. A field has as
  // many independent places as there are areas of 4 pi sigma^2, which is 209: their mean square errs by sqrt(2 / 209 / 20) = 2.2 %. Six halves of this.
  it("have displacements of 0.98 pixels, as the root of the mean square", () => {
    const rms = Math.sqrt(mean(Float64Array.from(ALL, (field) => mean(field.map((x) => x * x)))));
    expect(Math.abs(rms / 0.977 - 1)).toBeLessThan(0.066);
  });

  // The product of two independent fields has 65,536 / (2 pi sigma^2) = 417 independent places: a correlation errs by 0.049, and the mean of ten of them
  // by 0.0155. Six of these.
  const correlation = (a: Float64Array, b: Float64Array) =>
    mean(a.map((x, i) => x * b[i])) / Math.sqrt(mean(a.map((x) => x * x)) * mean(b.map((x) => x * x)));
  const pairs = (of: (i: number) => [number, number]) => EPOCHS.map((_, i) => of(i));
  it.each<[string, [number, number][]]>([
    ["to the right and down", pairs((i) => [2 * i, 2 * i + 1])],
    ["to the right of one epoch and of the next", pairs((i) => [2 * i, (2 * i + 2) % 20])],
    ["down of one epoch and of the next", pairs((i) => [2 * i + 1, (2 * i + 3) % 20])],
    ["down of one epoch and to the right of the next", pairs((i) => [2 * i + 1, (2 * i + 2) % 20])],
  ])("are not correlated: displacements %s", (_, chosen) => {
    const all = chosen.map(([i, j]) => correlation(ALL[i], ALL[j]));
    expect(Math.abs(mean(Float64Array.from(all)))).toBeLessThan(6 * 0.0155);
    for (const one of all) expect(Math.abs(one)).toBeLessThan(6 * 0.049);
  });

  it("are those of the seed", () => {
    const other = Float64Array.from(new DisplacementFields(4, 1, 30, 5).x, (value) => value / UNITS);
    expect(Math.abs(correlation(ALL[0], other))).toBeLessThan(6 * 0.049);
  });

  it("change as little from the last row and column to the first as elsewhere", () => {
    for (const field of ALL) {
      const steps = (at: (y: number) => [number, number]) =>
        Math.max(...Array.from({ length: PERIOD }, (_, i) => Math.abs(field[at(i)[0]] - field[at(i)[1]])));
      const inside = Math.max(
        ...[20, 77, 128, 200].flatMap((k) => [
          steps((i) => [k * PERIOD + i, (k + 1) * PERIOD + i]),
          steps((i) => [i * PERIOD + k, i * PERIOD + k + 1]),
        ]),
      );
      const across = Math.max(
        steps((i) => [255 * PERIOD + i, i]),
        steps((i) => [i * PERIOD + 255, i * PERIOD]),
      );
      expect(across).toBeLessThan(1.5 * inside); // neighbours that do not belong together differ ten times as much
    }
  });
});
