/** The files that a run leaves behind: its checkpoints and its model. */
import { existsSync } from "node:fs";
import type { Dataset } from "../data/dataset.js";
import { datasetSha256 } from "../data/fingerprint.js";
import { ENGINES } from "../engines/engines.js";
import { ConfigurationError, OutputError } from "../errors.js";
import { areSamePlace, checkPlace } from "../files.js";
import { type Checkpoint, checkCheckpointSize, readCheckpoint, writeCheckpoint } from "../model/checkpoint.js";
import { damaged } from "../model/damaged.js";
import { lock } from "../model/lock.js";
import { checkModelPlace, type ModelShape, writeModel } from "../model/model.js";
import type { Run } from "../training/runs.js";
import type { Settings } from "../training/settings.js";
import { parameterSets, type RunState, unmetRequirement } from "../training/state.js";
import { keptFlags } from "./flag-values.js";
import type { TrainFlags } from "./flags.js";

export class RunFiles {
  readonly #shape: ModelShape;
  #datasetSha256 = "";
  #classes = 1;
  /** Lets other runs write the checkpoint. */
  close = () => {};
  /** Whether something that should have been kept was not. */
  hasFailed = false;

  private constructor(
    private readonly flags: TrainFlags,
    private readonly version: string,
  ) {
    const { layers: sizes, activation, output, cost, engine } = flags;
    this.#shape = { network: { sizes, activation, output }, cost, precision: ENGINES[engine].precision };
  }

  /** Makes sure before training that the files can be written, and locks the checkpoint for this run. */
  static async open(flags: TrainFlags, version: string): Promise<RunFiles> {
    const { save, checkpoint, checkpointEvery, runs, force } = flags;
    if (runs > 1 && (save ?? checkpoint) !== undefined) {
      const thing = save === undefined ? "--checkpoint" : "--save";
      throw new ConfigurationError({ thing, expected: "one run", found: `--runs ${runs}` });
    }
    if (checkpointEvery !== undefined && checkpoint === undefined) {
      const remedy = "say where with --checkpoint";
      throw new ConfigurationError({ thing: "--checkpoint-every", expected: "a checkpoint", found: "none", remedy });
    }
    const files = new RunFiles(flags, version);
    if (save !== undefined) await checkModelPlace(save, files.#shape, { force });
    if (checkpoint !== undefined) {
      await checkPlace(checkpoint, { read: readCheckpoint, force });
      if (save !== undefined && (await areSamePlace(save, checkpoint))) {
        const expected = "another file than that of --checkpoint";
        throw new ConfigurationError({ thing: "--save", expected, found: save, remedy: "give each its own" });
      }
      files.close = await lock(checkpoint);
    }
    return files;
  }

  /** Makes sure that a checkpoint is of a run on these data, and that its state fits them and its flags. */
  begin(data: Dataset, resumed: Checkpoint | undefined): void {
    const { resume, layers, engine } = this.flags;
    const { precision } = this.#shape;
    this.#datasetSha256 = datasetSha256(data);
    this.#classes = data.classes;
    if (resumed === undefined) return;
    if (resumed.metadata.datasetSha256 !== this.#datasetSha256) {
      const expected = `the run of this checkpoint, on data with the SHA-256 ${resumed.metadata.datasetSha256}`;
      const [found, remedy] = [this.#datasetSha256, "give the same --data"];
      throw new ConfigurationError({ thing: `${resume}`, expected, found, remedy });
    }
    if (resumed.precision !== precision) {
      throw damaged(`${resume}`, `${precision}, in which the ${engine} engine computes`, resumed.precision);
    }
    const settings = { ...this.flags, patience: this.flags.patience ?? Number.POSITIVE_INFINITY };
    const unmet = unmetRequirement(resumed.state, layers, data, settings);
    if (unmet) throw damaged(`${resume}`, unmet.expected, unmet.found);
  }

  /** @throws ConfigurationError if a checkpoint of this run would be too long to be read again */
  checkSize({ training }: Dataset, settings: Settings): void {
    const { checkpoint, layers: sizes } = this.flags;
    if (checkpoint === undefined) return;
    const { epochs, monitor: monitored } = settings;
    checkCheckpointSize(checkpoint, {
      sizes,
      precision: this.#shape.precision,
      sets: parameterSets(settings),
      examples: training.labels.length,
      epochs,
      monitored,
    });
  }

  /** @returns what to say if it could not be written; the last one is still there, and the run goes on */
  async checkpoint(state: RunState): Promise<string | undefined> {
    const { checkpoint = "", seed } = this.flags;
    const metadata = this.#metadata({ seed });
    try {
      await writeCheckpoint(checkpoint, { ...this.#shape, metadata, state });
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      this.hasFailed = true;
      const kept = existsSync(checkpoint) ? "the last checkpoint is still there" : "there is no checkpoint yet";
      return `error: ${error.message}; ${kept}, the run goes on`;
    }
  }

  /** @returns what is wrong if it could not be written */
  async save({ network, result, seed }: Run): Promise<OutputError | undefined> {
    const { save } = this.flags;
    if (save === undefined) return;
    const { epochs: history, keptEpoch } = result;
    const metadata = this.#metadata({ seed, epoch: keptEpoch ?? history.length, history });
    try {
      await writeModel(save, { ...this.#shape, network, metadata });
    } catch (error) {
      if (error instanceof OutputError) return error;
      throw error;
    }
  }

  /** The order is that of the keys in the files. */
  #metadata<About extends object>(about: About) {
    const data = { datasetSha256: this.#datasetSha256, classes: this.#classes };
    return { version: this.version, options: keptFlags(this.flags), ...about, ...data };
  }
}
