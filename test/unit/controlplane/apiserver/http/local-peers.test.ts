import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { localPeers } from '../../../../../controlplane/apiserver/http/local-peers.ts'
import { Ipv4Range } from '../../../../../shared/ipv4-range.ts'
import { ApiHttp } from '../../../../support/api-http.ts'
import { startTestApiServer } from '../../../../support/test-api-server.ts'

describe('a server for this machine alone', () => {
  it('admits its processes and its Pods', () => {
    const admits = localPeers(Ipv4Range.parse('10.42.0.0/16'))
    const ends = (remoteAddress: string | undefined) => ({ remoteAddress, localAddress: '192.0.2.5' })
    expect(['127.0.0.1', '192.0.2.5', '10.42.3.4'].map((address) => admits(ends(address)))).toEqual([true, true, true])
    expect(['192.0.2.6', '10.43.0.1', undefined].map((address) => admits(ends(address)))).toEqual([false, false, false])
  })

  it('says nothing to anybody else, and goes on', async () => {
    let isOpen = false
    const server = await startTestApiServer({ admits: () => isOpen })
    const heard: Buffer[] = []
    const socket = connect(server.port, '127.0.0.1')
    socket.on('data', (data) => heard.push(data)).on('error', () => {})
    await new Promise((resolve) => socket.once('close', resolve))
    expect(heard).toEqual([])
    isOpen = true
    const client = new ApiHttp(server, await server.clientCertificate('somebody'))
    expect((await client.get('/version')).status).toBe(200)
    client.close()
    await server.close()
  })
})
