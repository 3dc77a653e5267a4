/**
 * The barrier at which the threads wait for each other between the phases of a mini-batch, thousands of times per second.
 *
 * Its memory is one cache line of 64 bytes per thread, whose first word counts how often the thread has arrived, and one more line, whose
 * first word counts the threads that sleep. All counts start at 0. A thread writes only its own count and reads those of the others, so a
 * meeting takes the time that one cache line needs from core to core.
 */
import { Thread } from "./layout";

/**
 * The number of times that a thread reads another's count before it falls asleep; this takes about half a millisecond. If two threads start
 * on the same core, both look busy for so long that the system moves one of them to another core. With 50,000 reads they may stay on one
 * core and take turns: measured on [784,30,10], batch 10, two threads, 257 ms per epoch instead of 42 (one thread: 50). With 2,000 reads
 * one sleep leads to the next even on two cores.
 */
const SPINS = 500000;

/** Waits until every thread has called this function as often as this thread has. */
export function meet(t: Thread): void {
  const own = t.barrier + (<usize>t.index << 6), sleepers = t.barrier + (<usize>t.threadCount << 6);
  const count = load<i32>(own) + 1;
  atomic.store<i32>(own, count);
  if (atomic.load<i32>(sleepers)) atomic.notify(own, -1);
  for (let other = 0; other < t.threadCount; other++) {
    const others = t.barrier + (<usize>other << 6);
    // Comparing the difference with 0 is right even when the counts overflow.
    for (let spins = 0, found = 0; (found = atomic.load<i32>(others)) - count < 0; spins++) {
      if (spins < SPINS) continue;
      atomic.add<i32>(sleepers, 1);
      atomic.wait<i32>(others, found, -1);
      atomic.sub<i32>(sleepers, 1);
    }
  }
}
