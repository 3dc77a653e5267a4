/**
 * The exponential function, the hyperbolic tangent, the logarithm, the sine and the cosine in float64.
 *
 * JavaScript does not say how Math.exp and the others are rounded: on arm64, Node's Math.exp, Math.tanh and Math.log1p give other
 * last bits than on x64. The functions here use only sums, differences, products and quotients, which IEEE 754 rounds in one way. So every
 * machine computes the same bits.
 */

/**
 * ln 2 as the sum of two numbers, from fdlibm's e_exp.c. The last 32 bits of the first are 0, so that its product with a small integer is
 * exact.
 */
const [LN2_HIGH, LN2_LOW] = [0.6931471803691238, 1.9082149292705877e-10];

/** 1/n! for n = 0 to 13, length 14. */
const INVERSE_FACTORIALS = new Float64Array(14);
for (let n = 0, factorial = 1; n < 14; n++, factorial *= n) INVERSE_FACTORIALS[n] = 1 / factorial;

/** 2^k for k = -LARGEST_POWER to LARGEST_POWER is POWERS_OF_TWO[LARGEST_POWER + k]. Each is exact. */
const LARGEST_POWER = 540;
const POWERS_OF_TWO = new Float64Array(2 * LARGEST_POWER + 1);
for (let k = 0, power = 1; k <= LARGEST_POWER; k++, power *= 2) {
  POWERS_OF_TWO[LARGEST_POWER + k] = power;
  POWERS_OF_TWO[LARGEST_POWER - k] = 1 / power;
}

/**
 * Computes e^x, within 1 unit in the last place.
 *
 * The method is that of W. J. Cody and W. Waite, "Software Manual for the Elementary Functions" (1980), chapter 6: x = k ln 2 + r with an
 * integer k and |r| <= ln 2 / 2, so e^x = 2^k e^r, and a polynomial gives e^r.
 *
 * @returns exactly 1 for x = 0; Infinity for x above 709.78; 0 for x below -745.13; NaN for NaN
 */
export function exp(x: number): number {
  const limited = Math.max(-746, Math.min(x, 710)); // e^-746 is rounded to 0, and e^710 to Infinity
  const k = nearestMultiple(limited);
  const half = k >> 1; // 2^k itself may be too large or too small for float64
  return (1 + expm1Near(limited, k)) * powerOfTwo(half) * powerOfTwo(k - half);
}

/**
 * Computes tanh(z) = (e^2z - 1) / (e^2z + 1), within 3 units in the last place. tanh(-z) is exactly -tanh(z).
 *
 * The difference t = e^2z - 1 is not computed from e^2z, because this would lose the digits of a small z: tanh(z) = t / (t + 2).
 */
export function tanh(z: number): number {
  const x = 2 * Math.min(Math.abs(z), 20); // from z = 19.1 on, the result is rounded to 1
  const k = nearestMultiple(x);
  const t = powerOfTwo(k) * expm1Near(x, k) + (powerOfTwo(k) - 1);
  const a = t / (t + 2);
  return z < 0 ? -a : a;
}

/** Computes the natural logarithm of x, within 2 units in the last place, for 0 < x < Infinity. It is NaN for other x. */
export function log(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) return Number.NaN;
  let [m, k] = [x, 0]; // x = 2^k m, with m between sqrt(1/2) and sqrt(2)
  for (; m < Math.SQRT1_2; k--) m *= 2;
  for (; m > Math.SQRT2; k++) m /= 2;
  return k * LN2_HIGH + (log1pNear(m - 1) + k * LN2_LOW);
}

/** Computes ln(1 + x), within 3 units in the last place, for 0 <= x < Infinity. A small x keeps its digits, which 1 + x would lose. */
export function log1p(x: number): number {
  return x < 0.4 ? log1pNear(x) : log(1 + x);
}

/** Computes sin x, within 1e-15, for -pi <= x <= pi. */
export function sin(x: number): number {
  return alternatingSeries(x, x, 3);
}

/** Computes cos x, within 1e-15, for -pi <= x <= pi. */
export function cos(x: number): number {
  return alternatingSeries(x, 1, 2);
}

/**
 * A Taylor series, from its first term until the next one changes nothing. Each term is the one before, times -x^2, divided by n - 1 and by n.
 */
function alternatingSeries(x: number, first: number, n: number): number {
  const factor = -x * x;
  let [term, sum, before] = [first, first, first];
  do {
    before = sum;
    term *= factor / ((n - 1) * n);
    sum += term;
    n += 2;
  } while (Math.abs(sum - before) > 0); // false for NaN, too, which would not end otherwise
  return sum;
}

/** The integer k for which k ln 2 is nearest to x. */
function nearestMultiple(x: number): number {
  return Math.floor(x * Math.LOG2E + 0.5);
}

function powerOfTwo(k: number): number {
  return POWERS_OF_TWO[LARGEST_POWER + k];
}

/** e^r - 1 for r = x - k ln 2, by the Taylor series up to r^13/13!: the next term is less than a tenth of a unit in the last place of e^r. */
function expm1Near(x: number, k: number): number {
  const high = x - k * LN2_HIGH; // exact
  const low = k * LN2_LOW;
  const r = high - low;
  let sum = INVERSE_FACTORIALS[13]; // 1/2! + r/3! + r^2/4! + ...
  for (let n = 12; n >= 2; n--) sum = sum * r + INVERSE_FACTORIALS[n];
  return high - (low - r * r * sum); // more exact than r + r * r * sum, because r is rounded
}

/** ln(1 + f) for |f| < 0.42. With s = f / (2 + f), it is 2 (s + s^3/3 + s^5/5 + ...), and 2s = f - s f. */
function log1pNear(f: number): number {
  const s = f / (2 + f);
  const square = s * s;
  let sum = 0; // s^2/3 + s^4/5 + ...
  for (let n = 21; n >= 3; n -= 2) sum = (sum + 1 / n) * square;
  return f - s * (f - 2 * sum);
}
