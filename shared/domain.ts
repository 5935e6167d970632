/** The domain of our own annotations, labels, Secret types and finalizers. */
export const DOMAIN = 'kubette.dev'
