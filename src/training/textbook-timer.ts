/** Times the textbook engine on a part of the data, as a measure of how fast the machine is at this moment. */
import type { Dataset } from "../data/dataset.js";
import { TextbookEngine } from "../engines/textbook/textbook-engine.js";
import type { Hyperparameters } from "../network/hyperparameters.js";
import type { Network } from "../network/network.js";

export class TextbookTimer {
  readonly #engine: TextbookEngine;
  /** The training images 0, 1, 2, ..., which are the same in every measurement. */
  readonly #order: Uint32Array;
  readonly #etas: Float64Array;
  /** The number of test images in one measurement. */
  readonly #testExamples: number;

  /**
   * @param network   trained in place, again and again on the same images
   * @param examples  the number of training images, and the largest number of test images, that one measurement takes
   */
  constructor(
    network: Network,
    private readonly data: Dataset,
    hyper: Hyperparameters & { eta: number },
    examples: number,
  ) {
    this.#engine = new TextbookEngine(network, data, hyper);
    this.#order = Uint32Array.from({ length: examples }, (_, i) => i);
    this.#etas = new Float64Array(Math.ceil(examples / hyper.batchSize)).fill(hyper.eta);
    this.#testExamples = Math.min(examples, data.test.labels.length);
  }

  /** Measures once, and multiplies: the time of an epoch of all training images, and of the evaluation of all test images. */
  measure(): { trainSeconds: number; evaluateSeconds: number } {
    const { training, test } = this.data;
    const start = performance.now();
    this.#engine.train(this.#order, this.#etas, { masks: { seed: 0, first: 0 } });
    const middle = performance.now();
    this.#engine.outputs("test", 0, this.#testExamples);
    const end = performance.now();
    return {
      trainSeconds: ((middle - start) / 1000) * (training.labels.length / this.#order.length),
      evaluateSeconds: ((end - middle) / 1000) * (test.labels.length / this.#testExamples),
    };
  }
}
