import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { serverUrl, writeAdminKubeconfig } from '../../../../../controlplane/apiserver/auth/pki/admin-kubeconfig.ts'
import { openCertificateAuthority } from '../../../../../controlplane/apiserver/auth/pki/certificate-authority.ts'
import {
  checkNodeRequest,
  issueNodeCertificate,
} from '../../../../../controlplane/apiserver/auth/pki/node-certificate.ts'
import {
  issueServerCredentials,
  renewServerCredentials,
  type ServerCredentials,
} from '../../../../../controlplane/apiserver/auth/pki/server-certificate.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import { generateKeyPair, keyFingerprint, sha256Hex } from '../../../../../shared/pki/key-pair.ts'
import { createNodeRequest } from '../../../../../shared/pki/node-request.ts'
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '../../../../../shared/pki/x509.ts'
import { seededRandom } from '../../../../support/seeded-random.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const DAY_MS = 24 * 3600 * 1000
const random = seededRandom(1)
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubette-pki-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function open(clock = new VirtualClock()) {
  return { clock, ca: await openCertificateAuthority(join(directory, 'pki'), clock, random) }
}

const validity = (certificate: X509Certificate) =>
  Math.round((Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY_MS)

describe('certificate authority', () => {
  it('is made once, privately, and found again', async () => {
    const { ca } = await open()
    const again = (await open()).ca
    expect(again.pem).toBe(ca.pem)
    expect(again.hash).toBe(sha256Hex(new X509Certificate(ca.pem).raw))
    expect(await readdir(directory)).toEqual(['pki'])
    expect((await stat(join(directory, 'pki/ca.key'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(directory, 'pki'))).mode & 0o777).toBe(0o700)
    expect(new X509Certificate(ca.pem).ca).toBe(true)
    expect(validity(new X509Certificate(ca.pem))).toBe(3650)
  })

  it('is one and the same for two that make it at once', async () => {
    const [a, b] = await Promise.all([open(), open()])
    expect(a.ca.hash).toBe(b.ca.hash)
    expect(await readdir(directory)).toEqual(['pki'])
  })

  it.each(['ca.key', 'ca.crt'])('is never replaced where %s is missing or damaged', async (file) => {
    await open()
    const path = join(directory, 'pki', file)
    const content = await readFile(path, 'utf8')
    await rm(path)
    await expect(open()).rejects.toThrow('cannot be used')
    await writeFile(path, content.slice(0, 60))
    await expect(open()).rejects.toThrow('put back ca.crt and ca.key')
  })

  it('is refused with a key of another', async () => {
    await open()
    const other = await openCertificateAuthority(join(directory, 'other'), new VirtualClock(), random)
    expect(other.hash).toBeDefined()
    await writeFile(join(directory, 'pki/ca.key'), await readFile(join(directory, 'other/ca.key')))
    await expect(open()).rejects.toThrow('key does not fit')
  })
})

describe('server certificate', () => {
  it('is good for the standard names and those given, with the CA behind it', async () => {
    const { ca } = await open()
    const { cert } = await issueServerCredentials(ca, ['10.0.0.5', 'cluster.lan', 'fd00::5'])
    const leaf = new X509Certificate(cert)
    for (const name of ['localhost', 'kubernetes', 'kubernetes.default', 'cluster.lan'])
      expect(leaf.checkHost(name)).toBe(name)
    for (const ip of ['127.0.0.1', '::1', '10.0.0.5', 'fd00::5']) expect(leaf.checkIP(ip)).toBeDefined()
    expect(leaf.verify(new X509Certificate(ca.pem).publicKey)).toBe(true)
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(cert.trim().endsWith(ca.pem.trim())).toBe(true)
  })

  it('is renewed when two thirds of its life are over', async () => {
    const { ca, clock } = await open()
    const used: ServerCredentials[] = []
    const renewal = renewServerCredentials({ ca, hosts: [], clock, log: silentLogger, use: (one) => used.push(one) })
    await clock.advance(59 * DAY_MS)
    expect(used).toHaveLength(0)
    await clock.advance(2 * DAY_MS)
    // Keys are made outside of virtual time.
    await vi.waitFor(() => expect(used).toHaveLength(1), 10_000)
    expect(Date.parse(new X509Certificate(used[0]?.cert ?? '').validTo)).toBeGreaterThan(clock.now() + 80 * DAY_MS)
    renewal.stop()
    await clock.advance(200 * DAY_MS)
    expect(used).toHaveLength(1)
  })

  it('is not renewed by what was stopped while it made one', async () => {
    const { ca, clock } = await open()
    const used: ServerCredentials[] = []
    const issue = ca.issue.bind(ca)
    const issuing = vi.spyOn(ca, 'issue').mockImplementation((...request) => {
      renewal.stop()
      return issue(...request)
    })
    const renewal = renewServerCredentials({ ca, hosts: [], clock, log: silentLogger, use: (one) => used.push(one) })
    await clock.advance(61 * DAY_MS)
    await vi.waitFor(() => expect(issuing).toHaveBeenCalled(), 10_000)
    await issuing.mock.results[0]?.value
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(used).toHaveLength(0)
  })
})

describe('admin kubeconfig', () => {
  it('holds everything kubectl needs, for its owner only', async () => {
    const { ca } = await open()
    const path = join(directory, 'kubeconfig')
    await writeAdminKubeconfig(path, { ca, serverUrl: serverUrl('127.0.0.1', 7443), random })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const config = parse(await readFile(path, 'utf8'))
    expect(config).toMatchObject({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'kubette',
      contexts: [{ name: 'kubette', context: { cluster: 'kubette', user: 'kubernetes-admin' } }],
      clusters: [{ name: 'kubette', cluster: { server: 'https://127.0.0.1:7443' } }],
    })
    const certificate = new X509Certificate(Buffer.from(config.users[0].user['client-certificate-data'], 'base64'))
    expect(certificate.subject.split('\n').sort()).toEqual(['CN=kubernetes-admin', 'O=system:masters'])
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(validity(certificate)).toBe(365)
  })

  it('writes an IPv6 address as a URL has it', () => {
    expect(serverUrl('fd00::5', 7443)).toBe('https://[fd00::5]:7443')
  })
})

describe('node certificates', () => {
  const request = (more: object, keys: Awaited<ReturnType<typeof generateKeyPair>>) =>
    Pkcs10CertificateRequestGenerator.create({
      name: [{ CN: ['system:node:n1'] }, { O: ['system:nodes'] }],
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      ...more,
    }).then((made) => made.toString('pem'))

  it('are given for the name and key that were asked for', async () => {
    const { ca, clock } = await open()
    const keys = await generateKeyPair()
    const checked = await checkNodeRequest(createNodeRequest('n1', keys), 'n1')
    const certificate = new X509Certificate(await issueNodeCertificate(ca, checked))
    expect(certificate.subject.split('\n').sort()).toEqual(['CN=system:node:n1', 'O=system:nodes'])
    expect(keyFingerprint(certificate.publicKey)).toBe(checked.keyFingerprint)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(certificate.ca).toBe(false)
    expect(certificate.verify(new X509Certificate(ca.pem).publicKey)).toBe(true)
    expect(validity(certificate)).toBe(30)
    expect(Date.parse(certificate.validFrom)).toBeLessThan(clock.now())
  })

  it('never outlive the CA', async () => {
    const { ca, clock } = await open()
    await clock.advance(3640 * DAY_MS)
    const checked = await checkNodeRequest(createNodeRequest('n1', await generateKeyPair()), 'n1')
    const certificate = new X509Certificate(await issueNodeCertificate(ca, checked))
    expect(Date.parse(certificate.validTo)).toBe(Date.parse(new X509Certificate(ca.pem).validTo))
  })

  it.each([
    ['nonsense', async () => 'nonsense', 'it cannot be read'],
    ['another name', async () => createNodeRequest('n2', await generateKeyPair()), 'its subject is not'],
    [
      'an admin',
      async () => request({ name: [{ CN: ['system:node:n1'] }, { O: ['system:masters'] }] }, await generateKeyPair()),
      'its subject is not',
    ],
    [
      'two groups',
      async () =>
        request(
          { name: [{ CN: ['system:node:n1'] }, { O: ['system:nodes'] }, { O: ['system:masters'] }] },
          await generateKeyPair(),
        ),
      'its subject is not',
    ],
    [
      'two names',
      async () =>
        request(
          { name: [{ CN: ['system:node:n1'] }, { CN: ['admin'] }, { O: ['system:nodes'] }] },
          await generateKeyPair(),
        ),
      'its subject is not',
    ],
    [
      'more in its subject',
      async () =>
        request(
          { name: [{ CN: ['system:node:n1'] }, { O: ['system:nodes'] }, { C: ['DE'] }] },
          await generateKeyPair(),
        ),
      'its subject is not',
    ],
    [
      'other names',
      async () =>
        request(
          { extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'kubernetes' }])] },
          await generateKeyPair(),
        ),
      'it asks for extensions',
    ],
    [
      'an RSA key',
      async () => {
        const algorithm = {
          name: 'RSASSA-PKCS1-v1_5',
          hash: 'SHA-256',
          publicExponent: new Uint8Array([1, 0, 1]),
          modulusLength: 2048,
        }
        const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as Awaited<
          ReturnType<typeof generateKeyPair>
        >
        return request({ signingAlgorithm: algorithm }, keys)
      },
      'its key is not an EC key',
    ],
    [
      'a key that its sender does not hold',
      async () => {
        const [mine, theirs] = [await generateKeyPair(), await generateKeyPair()]
        return request({}, { privateKey: mine.privateKey, publicKey: theirs.publicKey })
      },
      'its signature is wrong',
    ],
  ])('are refused to a request with %s', async (_title, make, why) => {
    await expect(checkNodeRequest(await make(), 'n1')).rejects.toMatchObject({
      code: 400,
      message: expect.stringContaining(why),
    })
  })
})
