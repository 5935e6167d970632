import type { Plant } from '../scenario.ts'
import type { InvariantName } from '../violations.ts'
import {
  acknowledgeTooEarly,
  drainTooEarly,
  forgetToAdopt,
  ignoreAssignmentGaps,
  ignoreNetworkGaps,
  reportEndTooEarly,
  reportOutOfOrder,
  startSecondSandbox,
} from './broken-agents.ts'
import {
  collectLiveDependents,
  evictAfterPause,
  ignoreMaxSurge,
  ignoreMaxUnavailable,
  missPodChanges,
  serveStaleReads,
  skipExpectations,
} from './broken-controllers.ts'
import { bindTwice, forgetStatusReports, loseLastWrite } from './broken-store.ts'
import { dropWatchEvents, duplicateWatchEvents, reorderWatchEvents, skipOnResume } from './broken-watches.ts'
import { logEnvironment } from './talkative-log.ts'

export interface PlantedBug {
  plant: Plant
  /** The seed that is tried first, as it found it last; one of those that pass without it. */
  seed: number
  /** What it breaks first. */
  breaks: InvariantName
}

/** Bugs that the simulation must find: each stands for a way in which the product could be wrong. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  { plant: dropWatchEvents, seed: 2, breaks: 'a watch shows what happened' },
  { plant: duplicateWatchEvents, seed: 1, breaks: 'a watch shows what happened' },
  { plant: reorderWatchEvents, seed: 4, breaks: 'a watch shows what happened' },
  { plant: skipOnResume, seed: 2, breaks: 'a watch shows what happened' },
  { plant: skipExpectations, seed: 4, breaks: 'Pods within bounds' },
  { plant: serveStaleReads, seed: 5, breaks: 'Pods within bounds' },
  { plant: ignoreMaxUnavailable, seed: 7, breaks: 'Pods within bounds' },
  { plant: ignoreMaxSurge, seed: 8, breaks: 'Pods within bounds' },
  { plant: collectLiveDependents, seed: 1, breaks: 'Pods within bounds' },
  { plant: evictAfterPause, seed: 2, breaks: 'Pods within bounds' },
  { plant: bindTwice, seed: 8, breaks: 'a Pod stays on its node' },
  { plant: loseLastWrite, seed: 6, breaks: 'what is acknowledged is kept' },
  { plant: forgetStatusReports, seed: 2, breaks: 'all ends as asked' },
  { plant: missPodChanges, seed: 1, breaks: 'all ends as asked' },
  { plant: ignoreAssignmentGaps, seed: 8, breaks: 'all ends as asked' },
  { plant: ignoreNetworkGaps, seed: 1, breaks: 'all ends as asked' },
  { plant: drainTooEarly, seed: 1, breaks: 'a Pod leaves its Services before it ends' },
  { plant: acknowledgeTooEarly, seed: 1, breaks: 'a Pod leaves its Services before it ends' },
  { plant: startSecondSandbox, seed: 7, breaks: 'one of each runs' },
  { plant: forgetToAdopt, seed: 3, breaks: 'a healthy container is left alone' },
  { plant: reportEndTooEarly, seed: 8, breaks: 'a Pod outlives its containers' },
  { plant: reportOutOfOrder, seed: 6, breaks: 'a Pod only goes forward' },
  { plant: logEnvironment, seed: 8, breaks: 'a Secret stays secret' },
]
