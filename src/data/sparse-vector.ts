/** A vector by its entries that are not 0, in order: the first `count` of `indices` and `values`. Made once, filled often. */
export class SparseVector {
  readonly indices: Int32Array;
  readonly values: Float64Array;
  count = 0;

  /** A vector of zeros. */
  constructor(readonly length: number) {
    this.indices = new Int32Array(length);
    this.values = new Float64Array(length);
  }

  static fromDense(vector: Float64Array): SparseVector {
    const sparse = new SparseVector(vector.length);
    sparse.set(vector);
    return sparse;
  }

  /** Overwrites this with `vector`, of the same length. */
  set(vector: Float64Array): void {
    const { indices, values } = this;
    let count = 0;
    for (let k = 0; k < vector.length; k++) {
      if (vector[k] === 0) continue;
      indices[count] = k;
      values[count++] = vector[k];
    }
    this.count = count;
  }

  toDense(): Float64Array {
    const vector = new Float64Array(this.length);
    for (let i = 0; i < this.count; i++) vector[this.indices[i]] = this.values[i];
    return vector;
  }
}
