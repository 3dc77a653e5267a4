/** Tests `warp` with maps and fields whose results can be seen at once. */
import { describe, expect, it } from "vitest";
import type { DisplacementFields } from "../../dist/distortion/displacement-fields.js";
import { warp } from "../../dist/distortion/warp.js";
import { PERIOD } from "../fixtures/distortion.js";

/** One pixel in the units of a map and in those of a displacement field, and 1 in the units of a map's factors. */
const [PIXEL, FIELD_PIXEL, ONE] = [2 ** 18, 2048, 2 ** 18];

type Fields = Pick<DisplacementFields, "x" | "y">;

/** The warped image, which is given as rows of pixels. Column x of row y comes from column a x + b y + c of row d x + e y + f. */
function warped(image: number[][], map: number[], { fields = null as Fields | null, faintest = 1 } = {}): number[][] {
  const [rows, columns] = [image.length, image[0].length];
  const out = new Uint8Array(rows * columns).fill(99); // all of it must be overwritten
  const sourceMap = Int32Array.from([...map, 0, 0].slice(0, 8));
  const options = { rows, columns, fields: fields as DisplacementFields | null, faintest };
  warp(Uint8Array.from(image.flat()), sourceMap, options, out);
  return image.map((_, y) => [...out.subarray(y * columns, (y + 1) * columns)]);
}

const IMAGE = [
  [10, 20, 30, 40],
  [50, 60, 70, 80],
  [90, 100, 110, 120],
];
const move = (right: number, down: number) => [ONE, 0, right * PIXEL, 0, ONE, down * PIXEL];

describe("warp", () => {
  it.each<[string, number[], number[][]]>([
    ["leaves the image as it is", move(0, 0), IMAGE],
    [
      "fetches from the right, and finds 0 outside",
      move(1, 0),
      [
        [20, 30, 40, 0],
        [60, 70, 80, 0],
        [100, 110, 120, 0],
      ],
    ],
    [
      "fetches from the left and from below",
      move(-2, 1),
      [
        [0, 0, 50, 60],
        [0, 0, 90, 100],
        [0, 0, 0, 0],
      ],
    ],
    [
      "finds nothing far away",
      move(1000, -1000),
      [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ],
    ],
    [
      "takes the mean of two columns, and half of the last",
      move(0.5, 0),
      [
        [15, 25, 35, 20],
        [55, 65, 75, 40],
        [95, 105, 115, 60],
      ],
    ],
    [
      "takes half of the first row, and the mean of two rows",
      move(0, -0.5),
      [
        [5, 10, 15, 20],
        [30, 40, 50, 60],
        [70, 80, 90, 100],
      ],
    ],
    [
      "takes the mean of four pixels",
      move(0.5, 0.5),
      [
        [35, 45, 55, 30],
        [75, 85, 95, 50],
        [48, 53, 58, 30],
      ],
    ],
    [
      "takes three quarters of the nearer column",
      move(0.25, 0),
      [
        [13, 23, 33, 30],
        [53, 63, 73, 60],
        [93, 103, 113, 90],
      ],
    ],
    [
      "mirrors",
      [-ONE, 0, 3 * PIXEL, 0, ONE, 0],
      [
        [40, 30, 20, 10],
        [80, 70, 60, 50],
        [120, 110, 100, 90],
      ],
    ],
    [
      "doubles the size",
      [ONE / 2, 0, 0, 0, ONE / 2, 0],
      [
        [10, 15, 20, 25],
        [30, 35, 40, 45],
        [50, 55, 60, 65],
      ],
    ],
  ])("%s", (_, map, expected) => {
    expect(warped(IMAGE, map)).toEqual(expected);
  });

  it("exchanges rows and columns", () => {
    const square = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ];
    expect(warped(square, [0, ONE, 0, ONE, 0, 0])).toEqual([
      [1, 4, 7],
      [2, 5, 8],
      [3, 6, 9],
    ]);
  });

  it("keeps pixels from the faintest on, and makes those below it 0", () => {
    expect(warped([[0, 1, 31, 32, 33, 255]], move(0, 0), { faintest: 32 })).toEqual([[0, 0, 0, 32, 33, 255]]);
    expect(warped([[0, 1, 31, 32, 33, 255]], move(0, 0), { faintest: 1 })).toEqual([[0, 1, 31, 32, 33, 255]]);
  });

  describe("with displacement fields", () => {
    /** Fields of 0, but for what `set` writes. */
    function fieldsWith(set: (fields: Fields) => void): Fields {
      const fields = { x: new Int32Array(PERIOD * PERIOD), y: new Int32Array(PERIOD * PERIOD) };
      set(fields);
      return fields;
    }

    it("adds to a place what the fields say there", () => {
      const fields = fieldsWith(({ x, y }) => {
        x[0] = 2 * FIELD_PIXEL; // the first pixel comes from two columns further right
        y[PERIOD + 3] = FIELD_PIXEL; // the last one of the second row from one row further down
        x[2 * PERIOD + 1] = -FIELD_PIXEL / 2;
      });
      expect(warped(IMAGE, move(0, 0), { fields })).toEqual([
        [30, 20, 30, 40],
        [50, 60, 70, 120],
        [90, 95, 110, 120],
      ]);
    });

    it("reads each field from the element that the map names, and goes on at the opposite edge", () => {
      const fields = fieldsWith(({ x, y }) => {
        x[254 * PERIOD + 255] = FIELD_PIXEL; // row 254, column 255: where the image begins in this field
        x[0] = 3 * FIELD_PIXEL; // two rows and one column further on
        y[7 * PERIOD + 9] = FIELD_PIXEL;
      });
      const map = [...move(0, 0), 254 * PERIOD + 255, 7 * PERIOD + 8];
      expect(warped(IMAGE, map, { fields })).toEqual([
        [20, 60, 30, 40],
        [50, 60, 70, 80],
        [90, 0, 110, 120],
      ]);
    });

    it("repeats a field in an image with more columns and rows than it has", () => {
      const fields = fieldsWith(({ x }) => {
        x[0] = FIELD_PIXEL;
      });
      const row = Array.from({ length: 300 }, (_, i) => 1 + (i % 200));
      const expected = row.map((value, i) => (i % PERIOD === 0 ? row[i + 1] : value));
      expect(warped([row], move(0, 0), { fields })).toEqual([expected]);
      const column = row.map((value) => [value, 7]);
      expect(warped(column, move(0, 0), { fields })).toEqual(
        column.map(([value], i) => (i % PERIOD === 0 ? [7, 7] : [value, 7])),
      );
    });
  });
});
