/** Run by every test run. All of them pass on the product as it is: what a planted bug breaks with one of them, it breaks alone. */
export const SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8]
