/**
 * Where the threads wait for each other: between phases of a mini-batch, so thousands of times a second.
 *
 * Memory: a line of 64 bytes for each thread whose first word counts the times it has come here, and one more whose first word counts the
 * sleepers. All start at 0. Each thread writes its own line only and reads the others', so a meeting costs one cache line's way
 * from core to core.
 */
import { Thread } from "./layout";

/**
 * Looks at another's count before falling asleep, about half a millisecond. Long enough that two threads that were put on one core both count
 * as busy, and the system moves one of them: with 50,000 looks they may stay and take turns (measured on [784,30,10], batch 10, two
 * threads: 257 ms an epoch instead of 42; one thread 50), with 2,000 even on two cores each sleep leads to the next.
 */
const SPINS = 500000;

export function meet(t: Thread): void {
  const mine = t.barrier + (<usize>t.index << 6), sleepers = t.barrier + (<usize>t.threadCount << 6);
  const count = load<i32>(mine) + 1;
  atomic.store<i32>(mine, count);
  if (atomic.load<i32>(sleepers)) atomic.notify(mine, -1);
  for (let other = 0; other < t.threadCount; other++) {
    const theirs = t.barrier + (<usize>other << 6);
    // The difference, not the counts: they may overflow.
    for (let spins = 0, seen = 0; (seen = atomic.load<i32>(theirs)) - count < 0; spins++) {
      if (spins < SPINS) continue;
      atomic.add<i32>(sleepers, 1);
      atomic.wait<i32>(theirs, seen, -1);
      atomic.sub<i32>(sleepers, 1);
    }
  }
}
