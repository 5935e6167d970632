/** How many times as long as on a usual machine is waited, a whole number: see test/README.md. */
export const PATIENCE = Number(process.env.TEST_PATIENCE ?? 1)
