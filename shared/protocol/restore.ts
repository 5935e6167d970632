/** Where an administrator has a running server take what `kubette restore` has made ready for it. */
export const RESTORE_PATH = '/kubette/v1/restore'
