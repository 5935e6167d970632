import { describe, expect, it } from 'vitest'
import { nodePorts } from '../../../../../controlplane/scheduler/plugins/node-ports.ts'
import type { ContainerPort } from '../../../../../shared/api/generated/core-v1.ts'
import { aCluster, aNode, aPod, askFilter } from '../../../../support/scheduling-objects.ts'

const pod = (name: string, port: Partial<ContainerPort>, nodeName?: string) =>
  aPod(name, {
    containers: [{ name: 'main', image: 'web:1', ports: [{ containerPort: 80, ...port }] }],
    ...(nodeName ? { nodeName } : {}),
  })

describe('host ports', () => {
  const cases: [string, Partial<ContainerPort>, Partial<ContainerPort>, boolean][] = [
    ['none', { hostPort: 80 }, {}, true],
    ['the same', { hostPort: 80 }, { hostPort: 80 }, false],
    ['another port', { hostPort: 80 }, { hostPort: 81 }, true],
    ['another protocol', { hostPort: 80 }, { hostPort: 80, protocol: 'UDP' }, true],
    ['another address', { hostPort: 80, hostIP: '10.0.0.1' }, { hostPort: 80, hostIP: '10.0.0.2' }, true],
    ['every address beside one', { hostPort: 80, hostIP: '10.0.0.1' }, { hostPort: 80 }, false],
    ['one address beside every', { hostPort: 80, hostIP: '0.0.0.0' }, { hostPort: 80, hostIP: '10.0.0.1' }, false],
  ]
  it.each(cases)('%s', (_, used, wanted, isFree) => {
    const cluster = aCluster([aNode('n1')], [pod('a', used, 'n1')])
    const refused = "node(s) didn't have free ports for the requested pod ports"
    expect(askFilter(nodePorts, pod('b', wanted), cluster)).toEqual({ n1: isFree ? 'ok' : refused })
  })

  it('frees a port with its Pod', () => {
    const cluster = aCluster([aNode('n1')], [pod('a', { hostPort: 80 }, 'n1')])
    cluster.removePod('uid-a')
    expect(askFilter(nodePorts, pod('b', { hostPort: 80 }), cluster)).toEqual({ n1: 'ok' })
  })

  it("counts a sidecar's ports, not those of an init container that ends", () => {
    const init = (restartPolicy?: string) =>
      aPod('b', {
        initContainers: [
          {
            name: 'i',
            image: 'i',
            ports: [{ containerPort: 1, hostPort: 80 }],
            ...(restartPolicy ? { restartPolicy } : {}),
          },
        ],
      })
    const cluster = aCluster([aNode('n1')], [pod('a', { hostPort: 80 }, 'n1')])
    expect(askFilter(nodePorts, init('Always'), cluster).n1).not.toBe('ok')
    expect(askFilter(nodePorts, init(), cluster).n1).toBe('ok')
  })
})
