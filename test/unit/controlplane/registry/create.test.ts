import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import { RevisionMismatch } from '../../../../controlplane/store/store.ts'
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, NODES, PODS } from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'
import { testDeployment, testPod, testRegistry } from '../../../support/test-registry.ts'

const configMap = (name: string, more = {}) => ({ metadata: { name, ...more } })

describe('create', () => {
  it('fills in what only the system may say', async () => {
    const { create, clock } = await testRegistry()
    const lies = {
      uid: 'mine',
      generation: 7,
      creationTimestamp: '2001-01-01T00:00:00Z',
      deletionTimestamp: '2001-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 3,
      selfLink: '/x',
    }
    const { metadata, apiVersion, kind } = await create(DEPLOYMENTS, {
      ...testDeployment('web'),
      metadata: { name: 'web', ...lies },
    })
    expect({ apiVersion, kind }).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment' })
    expect(metadata).toEqual({
      name: 'web',
      namespace: 'default',
      uid: expect.stringMatching(/^[0-9a-f]{8}-/),
      resourceVersion: expect.stringMatching(/^\d+$/),
      generation: 1,
      creationTimestamp: new Date(clock.now()).toISOString().replace('.000', ''),
    })
  })

  it('hands out one frozen object per version, and JSON that says the same', async () => {
    const { registry, create } = await testRegistry()
    await create(PODS, testPod('a'))
    const key = { namespace: 'default', name: 'a' }
    const entry = await registry.get(PODS, key)
    expect(await registry.get(PODS, key)).toBe(entry)
    expect((await registry.list(PODS)).entries[0]).toBe(entry)
    expect(JSON.parse(Buffer.from(entry.json).toString())).toEqual(entry.object)
    expect(entry.object.metadata.resourceVersion).toBe(String(entry.revision))
    expect(() => Object.assign(entry.object.metadata, { name: 'b' })).toThrow(TypeError)
    expect(() => Object.assign(entry.object, { status: {} })).toThrow(TypeError)
  })

  it('leaves the object it was given alone', async () => {
    const { create } = await testRegistry()
    const given = testPod('a')
    const before = structuredClone(given)
    await create(PODS, given)
    expect(given).toEqual(before)
    expect(Object.isFrozen(given)).toBe(false)
  })

  it('refuses a name that is taken', async () => {
    const { create } = await testRegistry()
    await create(PODS, testPod('a'))
    await expect(create(PODS, testPod('a'))).rejects.toMatchObject({
      reason: 'AlreadyExists',
      message: 'pods "a" already exists',
    })
  })

  it('makes up names, other ones each time', async () => {
    const { create } = await testRegistry()
    const names = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const { metadata } = await create(PODS, testPod('', { metadata: { name: undefined, generateName: 'web-' } }))
      expect(metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
      expect(metadata.generateName).toBe('web-')
      names.add(metadata.name)
    }
    expect(names.size).toBe(20)
  })

  it('tries another name when a made-up one is taken, but not for ever', async () => {
    class CrowdedStore extends MemoryStore {
      readonly tried: string[] = []
      free = 3
      override async put(key: string, value: Uint8Array, expected: number) {
        if (key.includes('/x-')) this.tried.push(key)
        if (key.includes('/x-') && this.tried.length < this.free) throw new RevisionMismatch(key, expected, 1)
        return super.put(key, value, expected)
      }
    }
    const store = new CrowdedStore()
    const { create } = await testRegistry(store)
    const { metadata } = await create(CONFIG_MAPS, { metadata: { generateName: 'x-' } })
    expect(new Set(store.tried).size).toBe(3)
    expect(store.tried[2]).toContain(metadata.name)
    store.free = Number.POSITIVE_INFINITY
    await expect(create(CONFIG_MAPS, { metadata: { generateName: 'x-' } })).rejects.toMatchObject({ code: 409 })
  })

  it('takes the namespace from the request or the object, which must agree', async () => {
    const { registry } = await testRegistry()
    const create = (object: KubeObject, namespace?: string) =>
      registry.create(CONFIG_MAPS, object, namespace ? { namespace } : {})
    expect((await create(configMap('a'), 'default')).object.metadata.namespace).toBe('default')
    expect((await create(configMap('b', { namespace: 'default' }))).object.metadata.namespace).toBe('default')
    await expect(create(configMap('c', { namespace: 'kube-system' }), 'default')).rejects.toMatchObject({
      reason: 'BadRequest',
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    })
    await expect(create(configMap('c'))).rejects.toMatchObject({ reason: 'BadRequest' })
    const node = await registry.create(NODES, { metadata: { name: 'n1', namespace: 'default' } }, {})
    expect(node.object.metadata.namespace).toBeUndefined()
  })

  it('wants the namespace to exist and to stay', async () => {
    const { registry, create } = await testRegistry()
    await expect(create(PODS, testPod('a', { metadata: { namespace: 'nowhere' } }))).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'namespaces "nowhere" not found',
    })
    await create(NAMESPACES, { metadata: { name: 'going' }, spec: {} })
    await registry.delete(NAMESPACES, { name: 'going' }, {})
    await expect(create(PODS, testPod('a', { metadata: { namespace: 'going' } }))).rejects.toMatchObject({
      code: 403,
      message: 'pods "a" is forbidden: unable to create new content in namespace going because it is being terminated',
      details: {
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: 'namespace going is being terminated',
            field: 'metadata.namespace',
          },
        ],
      },
    })
  })

  it('drops the status of what has one, but keeps that of a node', async () => {
    const { create } = await testRegistry()
    const pod = await create(PODS, { ...testPod('a'), status: { phase: 'Running', podIP: '10.0.0.1' } })
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' })
    const node = await create(NODES, { metadata: { name: 'n1' }, spec: {}, status: { capacity: { cpu: '2' } } })
    expect(node.status).toEqual({ capacity: { cpu: '2' } })
  })

  it('changes nothing in a dry run, but checks everything', async () => {
    const { registry, store, create } = await testRegistry()
    const revision = store.revision
    const options = { namespace: 'default', dryRun: true }
    const { object } = await registry.create(PODS, testPod('a'), options)
    expect(object).toMatchObject({ metadata: { name: 'a', namespace: 'default' }, spec: { restartPolicy: 'Always' } })
    expect(object.metadata.resourceVersion).toBeUndefined()
    expect(store.revision).toBe(revision)
    await create(PODS, testPod('a'))
    await expect(registry.create(PODS, testPod('a'), options)).rejects.toMatchObject({ reason: 'AlreadyExists' })
    await expect(registry.create(PODS, testPod('A'), options)).rejects.toMatchObject({ reason: 'Invalid' })
  })

  it('says everything that is wrong with the metadata', async () => {
    const { refusals } = await testRegistry()
    const metadata = {
      name: 'Web_1',
      labels: { 'a b': 'ok', fine: 'not fine' },
      annotations: { '-x': '' },
      finalizers: ['mine', 'orphan', 'foregroundDeletion'],
      ownerReferences: [
        { apiVersion: '', kind: 'A', name: 'a', uid: '1', controller: true },
        { apiVersion: 'v1', kind: 'B', name: 'b', uid: '', controller: true },
      ],
    }
    const found = await refusals(CONFIG_MAPS, { metadata })
    expect(found.map((text) => text.slice(0, 90))).toEqual([
      'metadata.name: Invalid value: "Web_1": a lowercase RFC 1123 subdomain must consist of lowe',
      'metadata.labels: Invalid value: "a b": name part must consist of alphanumeric characters, ',
      'metadata.labels: Invalid value: "not fine": a valid label must be an empty string or consi',
      'metadata.annotations: Invalid value: "-x": name part must consist of alphanumeric characte',
      'metadata.ownerReferences[0].apiVersion: Invalid value: "": version must not be empty',
      'metadata.ownerReferences[1].uid: Invalid value: "": must not be empty',
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"","kind":"A","name":"a","uid":"1"',
      'metadata.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor ',
      'metadata.finalizers: Invalid value: ["mine","orphan","foregroundDeletion"]: finalizer fore',
    ])
  })

  it('says what kubectl users know about a bad name, and about none', async () => {
    const { create } = await testRegistry()
    await expect(create(CONFIG_MAPS, configMap('-a'))).rejects.toMatchObject({
      code: 422,
      message:
        'ConfigMap "-a" is invalid: metadata.name: Invalid value: "-a": a lowercase RFC 1123 subdomain must consist of ' +
        "lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character " +
        "(e.g. 'example.com', regex used for validation is " +
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    })
    await expect(create(CONFIG_MAPS, { metadata: {} })).rejects.toMatchObject({
      message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    })
    await expect(create(NAMESPACES, { metadata: { name: 'a.b' }, spec: {} })).rejects.toMatchObject({ code: 422 })
    await expect(create(CONFIG_MAPS, configMap('a', { resourceVersion: '1' }))).rejects.toMatchObject({ code: 400 })
  })

  it('stores only what the schema knows', async () => {
    const { create } = await testRegistry()
    const odd = { ...testPod('a'), extra: 1, spec: { ...testPod('a').spec, nothing: null, made: 'up' } }
    const pod = await create(PODS, odd)
    expect(pod).not.toHaveProperty('extra')
    expect(pod.spec).not.toHaveProperty('made')
    expect(pod.spec).not.toHaveProperty('nothing')
  })
})
