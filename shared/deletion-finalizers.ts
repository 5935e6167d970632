/** Holds an owner until its dependents are no longer its own. */
export const ORPHAN_FINALIZER = 'orphan'
/** Holds an owner until the dependents that block its deletion are gone. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion'
