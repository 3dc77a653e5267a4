/** A number that was worked out, and what it should be; undefined where the cost has a kink. */
export type Pair = [found: number, expected: number | undefined];

/** What a comparison came to. */
export interface Comparison {
  /** How many numbers were compared, and how many were not because the cost has a kink there (relu, l1). */
  numbers: number;
  kinks: number;
  /** The largest difference, relative to the larger of the two numbers, or to 1 % of the largest of their layer if that is more. */
  largestError: number;
  tolerance: number;
  passed: boolean;
}

/** How far two numbers may be apart, and what the largest number of a layer counts as at least. */
export interface Bounds {
  tolerance: number;
  least: number;
}

/**
 * Central differences err by 1e-10, and what is below 1 % of a layer's largest number counts as that 1 %. float32 rounds a parameter by up
 * to 6e-8 of itself and the sums behind a step by more: 1e-6 at most over many shapes.
 */
export const BOUNDS = {
  differences: { tolerance: 1e-5, least: 1e-3 },
  float32: { tolerance: 5e-3, least: 0.1 },
} satisfies Record<string, Bounds>;

/** Compares the pairs of each layer. */
export function compare(layers: Pair[][], { tolerance, least }: Bounds): Comparison {
  let [numbers, kinks, largestError] = [0, 0, 0];
  for (const pairs of layers) {
    const sound = pairs.filter(isSound);
    kinks += pairs.length - sound.length;
    numbers += sound.length;
    const largest = sound.reduce((largest, [, expected]) => Math.max(largest, Math.abs(expected)), least);
    for (const [found, expected] of sound) {
      const scale = Math.max(Math.abs(found), Math.abs(expected), largest / 100);
      largestError = Math.max(largestError, Math.abs(found - expected) / scale);
    }
  }
  return { numbers, kinks, largestError, tolerance, passed: largestError <= tolerance };
}

/** Makes the largest found number of the last layer that has any larger by 1 %, be it 0 as a dead neuron's: by what `compare` notices. */
export function spoil(layers: Pair[][], { least }: Bounds): void {
  const pairs = layers.map((pairs) => pairs.filter(isSound)).findLast(({ length }) => length > 0) ?? [];
  const largest = pairs.reduce((a, b) => (Math.abs(b[0]) >= Math.abs(a[0]) ? b : a), [0, 0]);
  largest[0] += (largest[0] < 0 ? -0.01 : 0.01) * Math.max(Math.abs(largest[0]), least / 100);
}

function isSound(pair: Pair): pair is [found: number, expected: number] {
  return pair[1] !== undefined;
}

/** Of central differences: the truncation, h^2 C'''/6, and the rounding, epsilon C/h, both come to some 1e-10. */
const H = 1e-5;

/** The derivative of f at 0 by central differences; undefined where f has a kink nearby: they differ with h, or from side to side. */
export function slope(f: (h: number) => number): number | undefined {
  const [far, near, middle] = [(f(H) - f(-H)) / (2 * H), (f(H / 2) - f(-H / 2)) / H, f(0)];
  const [up, down] = [(f(H) - middle) / H, (middle - f(-H)) / H];
  const isBent = Math.abs(far - near) > 1e-7 + 1e-5 * Math.abs(far);
  const hasCorner = Math.abs(up - down) > 1e-4 + 0.1 * Math.max(Math.abs(up), Math.abs(down));
  return isBent || hasCorner ? undefined : far;
}
