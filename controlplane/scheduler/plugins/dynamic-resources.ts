import type { FilterPlugin } from '../framework.ts'

/** The cluster has no ResourceClaims: a Pod that needs one waits, and says for what. */
export const dynamicResources: FilterPlugin = {
  name: 'DynamicResources',
  filter({ pod }) {
    const [claim] = pod.spec.resourceClaims ?? []
    if (!claim) return undefined
    return {
      refusal: claim.resourceClaimName
        ? `resourceclaim "${claim.resourceClaimName}" not found`
        : `waiting for dynamic resource controller to create the resourceclaim for pod claim "${claim.name}"`,
    }
  },
  wokenBy: {},
}
