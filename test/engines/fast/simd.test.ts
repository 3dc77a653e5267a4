/** The choice of the SIMD width, on hosts of every kind. */
import { expect, it } from "vitest";
import { plannedWidth } from "../../../dist/engines/fast/simd.js";

const AVX2 = "flags : fpu sse2 avx avx2 bmi2";
const WITHOUT = "flags : fpu sse2 avx avx512_vp2intersect";

it.each([
  [
    "20.20.2",
    "x64",
    AVX2,
    128,
    /^simd 256: expected Node 24 or newer, found Node 20.20.2; use 128 bits, or a newer Node$/,
  ],
  ["22.23.3", "x64", AVX2, 128, /^simd 256: expected Node 24 or newer, found Node 22.23.3; /],
  ["24.21.0", "x64", AVX2, 256, null],
  ["26.10.0", "x64", AVX2, 256, null],
  ["26.10.0", "x64", undefined, 256, null],
  ["25.0.0", "x64", AVX2, 128, null],
  ["27.0.0", "x64", AVX2, 128, null],
  ["24.21.0", "arm64", undefined, 128, /^simd 256: expected an x64 processor, found arm64; use 128 bits$/],
  ["24.21.0", "x64", WITHOUT, 128, /^simd 256: expected a processor with AVX2, found one without it; use 128 bits$/],
] as const)("on Node %s, %s, %s, auto means %i", (node, arch, features, auto, complaint) => {
  const host = { node, arch, features: () => features };
  expect(plannedWidth("auto", host)).toBe(auto);
  expect(plannedWidth(128, host)).toBe(128);
  if (complaint) expect(() => plannedWidth(256, host)).toThrow(complaint);
  else expect(plannedWidth(256, host)).toBe(256);
});
