import { expect, it } from 'vitest'
import { type ClusterSnapshot, ClusterView } from '../../../bin/cluster-view.ts'

const UP_TWO = '\u001b[2A\u001b[0J'
const object = (name: string) => ({ metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '' } })

function snapshot(phase: string): ClusterSnapshot {
  const pod = { ...object('web'), spec: { containers: [], nodeName: 'node-1' }, status: { phase } }
  return { nodes: [{ ...object('node-1'), spec: {} }], pods: [pod] }
}

function viewOn(isTTY: boolean) {
  const written: string[] = []
  return { written, view: new ClusterView({ isTTY, write: (text) => written.push(text) }) }
}

it('is redrawn in place on a terminal, below what is said meanwhile', () => {
  const { view, written } = viewOn(true)
  view.show(snapshot('Pending'))
  view.show(snapshot('Running'))
  view.say('node-1 has ended')
  view.show(snapshot('Running'))
  view.leave()
  view.say('later')
  const rows = (phase: string) => `  node node-1  NotReady\n  pod  web     ${phase.padEnd(17)}  on node-1\n`
  expect(written).toEqual([
    rows('Pending'),
    UP_TWO + rows('Running'),
    `${UP_TWO}node-1 has ended\n`,
    rows('Running'),
    'later\n',
  ])
})

it('has a line for each change anywhere else', () => {
  const { view, written } = viewOn(false)
  view.show(snapshot('Pending'))
  view.say('node-1 has ended')
  view.show(snapshot('Running'))
  view.show(snapshot('Running'))
  expect(written.map((line) => line.trim())).toEqual([
    'node node-1  NotReady',
    'pod  web  Pending            on node-1',
    'node-1 has ended',
    'pod  web  Running            on node-1',
  ])
})
