/** Tests how errors describe values and names. */
import { describe, expect, it } from "vitest";
import { ConfigurationError, checkInstance, DataError, inspectValue } from "../dist/errors.js";

describe("inspectValue", () => {
  class Plain {}
  it.each<[unknown, string]>([
    ["3", "'3'"],
    ["", "''"],
    [3, "3"],
    [3n, "3n"],
    [Number.NaN, "NaN"],
    [null, "null"],
    [undefined, "undefined"],
    [Symbol("s"), "Symbol(s)"],
    [[1, 2], "[Array]"],
    [new Float64Array(2), "[Float64Array]"],
    [new Plain(), "[Plain]"],
    [Object.create(null), "[Object]"],
    [{ constructor: null }, "[Object]"],
    [Plain, "[Function]"],
  ])("describes %o as %s", (value, expected) => {
    expect(inspectValue(value)).toBe(expected);
  });
});

describe("BpTrainError", () => {
  it("has a message with or without a remedy, and a name", () => {
    const parts = { thing: "x", expected: "a", found: "b" };
    expect(new DataError(parts)).toMatchObject({ name: "DataError", message: "x: expected a, found b" });
    expect(new DataError({ ...parts, remedy: "c" }).message).toBe("x: expected a, found b; c");
  });

  it("writes control characters as escapes", () => {
    const error = new DataError({ thing: "a\u001b[31m\n\u009b", expected: "é", found: "\u007f" });
    expect(error.message).toBe("a\\x1b[31m\\x0a\\x9b: expected é, found \\x7f");
  });
});

describe("checkInstance", () => {
  it("accepts instances, also of subclasses, and refuses other values", () => {
    expect(() => checkInstance("bytes", Buffer.alloc(1), Uint8Array)).not.toThrow();
    expect(() => checkInstance("bytes", [1], Uint8Array)).toThrow(ConfigurationError);
    expect(() => checkInstance("bytes", [1], Uint8Array)).toThrow(
      /bytes: expected an instance of Uint8Array, found \[Array\]/,
    );
  });
});
