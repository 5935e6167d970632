import { FITS, type FilterPlugin, refuse } from '../framework.ts'

const REFUSED = refuse("node(s) didn't have free ports for the requested pod ports")

/** Two Pods that want the same port of the machine cannot share a node. */
export const nodePorts: FilterPlugin = {
  name: 'NodePorts',
  filter({ hostPorts }) {
    if (hostPorts.length === 0) return undefined
    return ({ usedPorts }) => (hostPorts.some((port) => usedPorts.conflictsWith(port)) ? REFUSED : FITS)
  },
  wokenBy: { nodeAdded: 'ifNodeFits', podRemoved: 'ifNodeFits' },
}
