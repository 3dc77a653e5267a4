/** Stochastic gradient descent (Nielsen, chapter 1; `SGD` in network.py). */
import type { Dataset } from "../data/dataset.js";
import { checkInstance } from "../errors.js";
import { Network } from "../network/network.js";
import { OngoingRun, type TrainResult } from "./ongoing-run.js";
import type { TrainOptions } from "./options.js";
import { checkTraining, type Settings } from "./settings.js";

/**
 * Trains `network`, in place, on the training examples, and evaluates it on the test examples after every epoch. Prints nothing. Gives the
 * event loop a turn about every 20 ms, or after every mini-batch if one takes longer. Does not change the data.
 *
 * @throws ConfigurationError if the network does not fit the data, or an option makes no sense
 * @throws DivergedError as soon as a weight or bias is NaN or infinite
 */
export async function train(network: Network, data: Dataset, options: TrainOptions = {}): Promise<TrainResult> {
  checkInstance("network", network, Network);
  return stochasticGradientDescent(network, data, checkTraining(network, data, options));
}

/** As `train`, with options that `checkTraining` has checked. */
export async function stochasticGradientDescent(network: Network, data: Dataset, settings: Settings) {
  const run = await OngoingRun.start(network, data, settings);
  const { state, engine, random } = run;
  try {
    while (!run.isOver) {
      // A resumed run may be in the middle of an epoch.
      if (state.position === null) {
        if (settings.shuffle) random.shuffle(state.order);
        if (settings.dropout > 0) state.maskSeed = random.uint32();
        state.position = 0;
      }
      const distortion = run.distortion();
      for (const [from, to] of run.slices()) {
        // A few mini-batches at a time. The textbook engine calls `updateMiniBatch` for each of them, and that calls `backprop`.
        const masks = { seed: state.maskSeed, first: from };
        await engine.train(state.order.subarray(from, to), run.etas(from, to), { masks, distortion });
        await run.endSlice(from, to);
      }
      const evaluation = await run.evaluate();
      if (!evaluation) break; // the run was interrupted
      await run.endEpoch(evaluation);
    }
    if (!run.isOver) await run.checkpoint();
  } finally {
    await engine.finish();
  }
  return run.result();
}
