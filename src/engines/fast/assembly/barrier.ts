/**
 * The barrier at which the threads wait for each other between the phases of a mini-batch, thousands of times per second.
 *
 * Its memory is one cache line of 64 bytes per thread, whose first word counts how often the thread has arrived, and one more line with four
 * words: the number of threads that sleep now; the number of times that a thread has fallen asleep; the mini-batch before which all threads
 * stop, 0 for none; and the mini-batch before which the last call ended. All words start at 0. A thread writes only its own count and reads
 * those of the others, so a meeting takes the time that one cache line needs from core to core.
 */
import { Thread, layerAt } from "./layout";

/**
 * The number of times that a thread reads another's count before it falls asleep; this takes about half a millisecond. If two threads start
 * on the same core, both look busy for so long that the system moves one of them to another core. With 50,000 reads they may stay on one
 * core and take turns: measured on [784,30,10], batch 10, two threads, 257 ms per epoch instead of 42 (one thread: 50). With 2,000 reads
 * one sleep leads to the next even on two cores.
 */
const SPINS = 500000;

/**
 * The number of times that threads may fall asleep in one call before the team stops; this takes about 20 ms. A team whose threads share one core,
 * because another program uses the other one, sleeps at almost every meeting and is a hundred times as slow. A team also sleeps where the system
 * starts all threads on one core, but only until it has moved one of them: measured, some 15 ms.
 */
const MOST_SLEEPS = 40;

// @ts-ignore: decorator
@inline
function shared(t: Thread): usize {
  return t.barrier + (<usize>t.threadCount << 6);
}

/** The number of times that a thread of the team has fallen asleep. */
export function sleeps(t: Thread): i32 {
  return atomic.load<i32>(shared(t), 4);
}

/**
 * Whether the threads stop before mini-batch `batch`. Every thread asks this before each mini-batch, and all must get the same answer. The first
 * thread decides: when there have been too many sleeps since `sleepsBefore`, the threads stop after the mini-batch that it is about to begin.
 * They meet in that mini-batch's first layer, so all of them know of the decision before the next one. Threads that do not meet there, because
 * no hidden layer follows, never stop.
 */
export function mustStop(t: Thread, batch: i32, sleepsBefore: i32): bool {
  const stop = shared(t) + 8, stopBefore = atomic.load<i32>(stop);
  if (stopBefore) return batch >= stopBefore;
  const isSlow = t.index == 0 && sleeps(t) - sleepsBefore > MOST_SLEEPS && layerAt(t, 0).meetAfterForward;
  if (isSlow) atomic.store<i32>(stop, batch + 1);
  return false;
}

/** Called by the first thread when all threads have met at the end: takes back the decision to stop, and writes how far they came. */
export function report(t: Thread, batch: i32): void {
  atomic.store<i32>(shared(t), 0, 8);
  store<i32>(shared(t), batch, 12);
}

/** Waits until every thread has called this function as often as this thread has. */
export function meet(t: Thread): void {
  const own = t.barrier + (<usize>t.index << 6), sleepers = shared(t);
  const count = load<i32>(own) + 1;
  atomic.store<i32>(own, count);
  if (atomic.load<i32>(sleepers)) atomic.notify(own, -1);
  for (let other = 0; other < t.threadCount; other++) {
    const others = t.barrier + (<usize>other << 6);
    // Comparing the difference with 0 is right even when the counts overflow.
    for (let spins = 0, found = 0; (found = atomic.load<i32>(others)) - count < 0; spins++) {
      if (spins < SPINS) continue;
      atomic.add<i32>(sleepers, 1);
      atomic.add<i32>(sleepers, 1, 4);
      atomic.wait<i32>(others, found, -1);
      atomic.sub<i32>(sleepers, 1);
    }
  }
}
