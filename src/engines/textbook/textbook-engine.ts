/** The textbook as an `Engine`, so that a whole run can be trained and evaluated with it. */
import type { Part } from "../../data/parts.js";
import { DistortedImages } from "../../distortion/distortion.js";
import { masksFrom } from "../../network/dropout.js";
import { arraysOf, copy, type Parameters } from "../../network/network.js";
import type { Draws, Engine, Etas } from "../engine.js";
import { Textbook } from "./textbook.js";

/** The engine in float64, against which the fast engine is tested. It trains the network's own arrays. */
export class TextbookEngine extends Textbook implements Engine {
  readonly examplesAtOnce = 1024;
  readonly simd = null;

  train(order: Uint32Array, etas: Etas, { masks, distortion }: Draws = {}): void {
    const { batchSize } = this.hyper;
    const { images } = this.data.training;
    const seen = distortion ? new DistortedImages(images, distortion) : images;
    for (let i = 0; i < order.length; i += batchSize) {
      const batch = order.subarray(i, i + batchSize);
      this.updateMiniBatch(batch, etas[i / batchSize], masksFrom(masks, i), seen);
    }
  }

  outputs(part: Part, from: number, to: number): Float64Array {
    const { sizes } = this.network;
    const z = this.z[sizes.length - 1];
    const x = new Float64Array(sizes[0]);
    const outputs = new Float64Array((to - from) * z.length); // (to - from, z.length) row-major
    for (let i = from; i < to; i++) {
      this.data[part].images.readPixels(i, x);
      this.feedforward(x);
      outputs.set(z, (i - from) * z.length);
    }
    return outputs;
  }

  isFinite(): boolean {
    return arraysOf(this.network).every((values) => values.every(Number.isFinite));
  }

  copyTo(parameters: Parameters, velocities?: Parameters): void {
    copy(this.network, parameters);
    if (velocities && this.velocity) copy(this.velocity, velocities);
  }

  finish(): void {}
}
