import { isApiError } from '../../shared/api/api-error.ts'
import { apiVersionOf, NODES, type Node } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { type Clock, timestamp } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { KEY_FINGERPRINT_ANNOTATION } from '../../shared/pki/node-identity.ts'
import type { NodeReport } from '../../shared/protocol/frames.ts'
import { withUnfitImages } from '../../shared/unfit-images.ts'
import type { Client } from '../client/client.ts'
import { ownLabels, standardLabels } from './node-labels.ts'
import { mergeNodeStatus } from './node-status.ts'

export interface NodeRecordDeps {
  client: Client
  clock: Clock
  log: Logger
  nodeName: string
  keyFingerprint: string
}

/** The Node object of one connected agent. */
export class NodeRecord {
  readonly #deps: NodeRecordDeps
  #writing: Promise<void> | undefined

  constructor(deps: NodeRecordDeps) {
    this.#deps = deps
  }

  /**
   * Makes the Node where there is none, or sees to its labels. Resolves to its UID, or to undefined, having changed
   * nothing, where the name belongs to another key. Rejects with an ApiError where the API cannot do it now.
   */
  async claim(report: NodeReport): Promise<string | undefined> {
    const node = (await this.#create(report)) ?? (await this.#adopt(report))
    const isOurs = node.metadata.annotations?.[KEY_FINGERPRINT_ANNOTATION] === this.#deps.keyFingerprint
    return isOurs ? node.metadata.uid : undefined
  }

  /** Brings the Node up to the agent's report. */
  async write(report: NodeReport): Promise<void> {
    await this.#writeStatus(report)
    await this.#writeUnfitImages(report)
  }

  async #writeStatus(report: NodeReport): Promise<void> {
    const { client, nodeName } = this.#deps
    const change = (node: Persisted<Node>) => {
      const status = mergeNodeStatus(node.status, report.status, this.#now())
      if (!status) return false
      node.status = status
      return undefined
    }
    await client.modify(NODES, { name: nodeName }, change, { status: true })
  }

  /** Likewise, where `known`, the Node as last seen, shows that it differs; one write at a time, failures are logged. */
  bringUp(report: NodeReport, known: Node | undefined): void {
    if (this.#writing || (known && !this.#differs(known, report))) return
    this.#writing = this.write(report)
      .catch((error) => this.#deps.log.warn({ err: error }, 'node status not written'))
      .finally(() => {
        this.#writing = undefined
      })
  }

  #differs({ metadata, status }: Node, report: NodeReport): boolean {
    const isKnown = !withUnfitImages(metadata.annotations, report.unfitImages ?? [])
    return !isKnown || mergeNodeStatus(status, report.status, this.#now()) !== undefined
  }

  async #writeUnfitImages({ unfitImages = [] }: NodeReport): Promise<void> {
    const { client, nodeName } = this.#deps
    await client.modify(NODES, { name: nodeName }, (node) => {
      const annotations = withUnfitImages(node.metadata.annotations, unfitImages)
      if (!annotations) return false
      node.metadata.annotations = annotations
      return undefined
    })
  }

  async #create(report: NodeReport): Promise<Persisted<Node> | undefined> {
    const { client, nodeName, keyFingerprint, log } = this.#deps
    const labels = this.#newLabels(report)
    const annotations = { [KEY_FINGERPRINT_ANNOTATION]: keyFingerprint }
    const metadata = { name: nodeName, labels, annotations }
    try {
      const node = await client.create(NODES, { apiVersion: apiVersionOf(NODES), kind: NODES.kind, metadata, spec: {} })
      log.info('node registered')
      return node
    } catch (error) {
      if (isApiError(error, 'AlreadyExists')) return undefined
      throw error
    }
  }

  async #adopt(report: NodeReport): Promise<Persisted<Node>> {
    const { client, nodeName, keyFingerprint } = this.#deps
    return client.modify(NODES, { name: nodeName }, (node) => {
      if (node.metadata.annotations?.[KEY_FINGERPRINT_ANNOTATION] !== keyFingerprint) return false
      // One that no agent has reported for yet was made by the join, and is new.
      const isNew = !node.status?.nodeInfo?.kubeletVersion
      const wanted = isNew ? this.#newLabels(report) : standardLabels(nodeName, report)
      node.metadata.labels = { ...node.metadata.labels, ...wanted }
      return undefined
    })
  }

  #newLabels(report: NodeReport): Record<string, string> {
    const { labels, refused } = ownLabels(report)
    if (refused.length > 0) this.#deps.log.warn({ labels: refused }, 'a node may not give itself these labels')
    return { ...labels, ...standardLabels(this.#deps.nodeName, report) }
  }

  #now(): string {
    return timestamp(this.#deps.clock.now())
  }
}
