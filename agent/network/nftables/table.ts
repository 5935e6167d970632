import type { Rule } from './rule.ts'
import type { TableFamily } from './table-message.ts'

/** What a set's keys and a map's values are made of, in nft's words. Each takes one register of 32 bits. */
export type Field = 'ipv4_addr' | 'inet_proto' | 'inet_service' | 'mark' | 'iface_index'

/** A set, or with `value` a map. Keys and values are written as nft writes them: `10.43.0.10 . udp . 53`. */
export interface SetDefinition {
  readonly name: string
  readonly key: readonly Field[]
  /** Verdicts are `drop`, `jump NAME` or `goto NAME`. */
  readonly value?: 'verdict' | readonly Field[]
  /** Rules add elements to it, which the kernel removes after a time. */
  readonly isDynamic?: boolean
  /** How many elements it may have; where that is said, and none are added by rules, they are found sooner. */
  readonly size?: number
}

export interface Chain {
  readonly name: string
  /** Where packets enter it; other chains are reached by verdicts only. */
  readonly hook?: ChainHook
  readonly rules: readonly Rule[]
}

export type ChainHook = NamespaceHook | LinkHook

/** In the family `ip`. */
export interface NamespaceHook {
  /** `route`: a packet whose mark is changed is routed again. */
  readonly type: 'nat' | 'filter' | 'route'
  readonly at: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  /** Lower ones see a packet first. */
  readonly priority: number
}

/** In the family `netdev`: what comes in over a link, before anybody else sees it. Goes with the link. */
export interface LinkHook {
  readonly type: 'filter'
  readonly at: 'ingress'
  /** The name of the link. */
  readonly link: string
  readonly priority: number
}

export interface TableName {
  readonly name: string
  /** `ip` where it is not said. */
  readonly family?: TableFamily
}

/** What is always in a table. */
export interface TableFrame extends TableName {
  readonly sets: readonly SetDefinition[]
  /** In an order in which each comes after those that it leads to. */
  readonly chains: readonly Chain[]
}

/** Elements by set, and of each the value by the key; of sets that are no maps it is empty. */
export type Elements = ReadonlyMap<string, ReadonlyMap<string, string>>

/**
 * One step from some contents beside the frame to others. A chain's name says what is in it, so that none ever changes;
 * an element with another value is deleted and added.
 */
export interface TableChange {
  readonly addedChains: readonly Chain[]
  readonly deletedElements: ReadonlyMap<string, readonly string[]>
  readonly addedElements: Elements
  readonly deletedChains: readonly string[]
}

export function isEmptyChange({ addedChains, deletedElements, addedElements, deletedChains }: TableChange): boolean {
  return addedChains.length + deletedElements.size + addedElements.size + deletedChains.length === 0
}
