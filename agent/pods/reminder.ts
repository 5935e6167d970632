/**
 * When what still holds is told again: Events expire after an hour. As often as the kubelet tells of a Pod in the long
 * run, so that what goes wrong for days writes little.
 */
export const REMIND_AFTER_MS = 300_000
